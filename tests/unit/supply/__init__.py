"""Images, packages and what the pipeline does around them."""
