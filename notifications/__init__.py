"""Speak and listen: what is sent, through which carrier, and what comes back. Knows neither the app nor triage."""
