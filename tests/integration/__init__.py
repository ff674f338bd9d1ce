"""Tests of parts against their real peers: tools, the engine, a registry."""
