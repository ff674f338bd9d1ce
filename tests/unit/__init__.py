"""Tests that need neither Docker nor a network beyond this machine's own loopback."""
