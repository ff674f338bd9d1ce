"""What people, GitHub and code scanning get to see of the verdicts."""
