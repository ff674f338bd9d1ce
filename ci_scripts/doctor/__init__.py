"""What the workflows need of a repository's settings, and what of it is missing here."""
