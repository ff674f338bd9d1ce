"""Health checks of any kind, run side by side under one deadline."""
