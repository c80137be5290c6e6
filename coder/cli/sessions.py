"""`coder sessions`"""
