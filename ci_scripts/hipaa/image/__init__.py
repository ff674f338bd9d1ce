"""Checks of a container image."""
