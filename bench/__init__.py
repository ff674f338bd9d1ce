"""Measures a deploy against a hand-written one and a typical role: ``python -m bench``."""
