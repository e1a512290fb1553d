"""One file per carrier; base.py is the contract they keep."""
