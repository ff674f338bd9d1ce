"""Checks of a project's source and configuration."""
