"""Servers of the Model Context Protocol: which there are, one owner task for each, and what they offer."""
