"""The built-in slash commands and their screens."""
