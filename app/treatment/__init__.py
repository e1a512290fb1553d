"""What the patient takes, and what was measured."""
