"""A run at a glance: every verdict and every result that lies in a folder."""
