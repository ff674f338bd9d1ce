"""InnerArchitect: a small private journal, and the reference application of the deploy toolkit."""
