"""Production's rules, one per file: each judges a document and touches nothing else. Pure."""
