"""Examples: the reference application and the demo."""
