"""What was said and heard."""
