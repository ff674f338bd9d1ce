"""iactl against real servers."""
