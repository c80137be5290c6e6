"""Drives a command from the outside and says whether it keeps the headless contract. Must not know how coder works."""
