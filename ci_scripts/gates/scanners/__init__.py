"""One file per scanner: how it is started, and what its results come to."""
