"""The phases of a release on one host, one file each.

Every phase is idempotent: run twice, the second run changes nothing. Before a mutation the
host's journal says what is about to happen.
"""
