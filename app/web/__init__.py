"""Screens by reader; the only home of the web framework."""
