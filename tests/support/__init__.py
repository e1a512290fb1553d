"""Quiet twins of the outside world, and the databases tests run on."""
