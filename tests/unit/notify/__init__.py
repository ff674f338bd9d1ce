"""Notifications: what is said, how it travels, and what becomes of it when a peer misbehaves."""
