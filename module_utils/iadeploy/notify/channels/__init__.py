"""One file per channel; each imports its library only when it sends."""
