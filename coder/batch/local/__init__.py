"""Attempts on this machine: a process each, in a work tree of its own. Must not know the scheduler."""
