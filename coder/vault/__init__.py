"""Secrets that are kept for a person: in the keyring of the system, else in a file for them alone. Knows no caller."""
