"""The project's own tests, and how much of its code they run."""
