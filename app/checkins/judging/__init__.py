"""What the engine is told, what it concludes, and how a check-in closes with its echo."""
