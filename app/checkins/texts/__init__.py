"""What a text becomes: whose it is, the danger in it, the answer, the one text that answers it."""
