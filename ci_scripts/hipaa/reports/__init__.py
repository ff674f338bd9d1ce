"""What a run of the checks leaves: a log for people, files for machines."""
