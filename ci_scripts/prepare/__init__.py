"""From a job's secrets to an inventory: a private folder with key, host keys and addresses."""
