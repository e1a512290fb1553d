"""Decide: protocol, answers and context in; assessment and its trace out. Pure arithmetic on values."""
