"""Which rules hold on which day."""
