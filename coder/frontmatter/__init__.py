"""Markdown files with a YAML head. The owner of yaml."""
