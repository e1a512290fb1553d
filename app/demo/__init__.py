"""A ward that does not exist, lived through the real crafts."""
