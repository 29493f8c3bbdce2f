"""The engines; nothing outside this package knows which one is in use."""
