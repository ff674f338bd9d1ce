"""The only door to ansible-runner: start, events, cancel, result."""
