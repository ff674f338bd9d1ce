"""One image: built once, scanned, pushed as it was scanned."""
