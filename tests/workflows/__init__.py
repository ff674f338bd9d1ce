"""The workflows: their rules, and a harness that executes their lines on this machine."""
