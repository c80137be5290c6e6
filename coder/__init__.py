"""The `coder` package: its version, and nothing else. Importing it imports nothing."""

__version__ = "0.1.0"
