"""Reads across rooms; writes only its own tables."""
