"""The JSON interface, by subject: the same crafts as the screens, for programs."""
