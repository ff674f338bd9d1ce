"""One file per linter: how it is started, and what it printed comes to.

Each runs as the project has configured it in its own files, so an editor and the gate agree.
"""
