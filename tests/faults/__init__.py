"""What the product must survive: one fault after the other on real servers, under traffic."""
