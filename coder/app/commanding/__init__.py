"""The commands and skills of a session: found, expanded, granted, shown and checked."""
