"""Small applications that tests deploy."""
