"""The ward's list and what is done from it."""
