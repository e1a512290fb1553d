"""The dialogue and its conclusion."""
