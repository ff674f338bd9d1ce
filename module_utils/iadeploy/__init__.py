"""What the modules in ``library/`` share: pure decisions apart from input and output."""
