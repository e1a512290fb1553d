"""A ward that does not exist: fictional people, lived through the same crafts as real ones."""
