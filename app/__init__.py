"""Remember and host: the rooms of the service, from the cellar (core) up to the screens (web)."""
