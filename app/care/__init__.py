"""The nurses' programmes: who is followed by telephone, by whom, from when to when, and every call that was planned or made."""
