"""The gates' decisions, as tables; the scanners themselves run in tests/integration."""
