"""The gates: what every scanner and linter came to, in one model, never by an exit code alone."""
