"""What production asks for besides the gates: each rule a verdict over a document that is kept."""
