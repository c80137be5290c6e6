"""A session in plain lines, only ever appended: for screen readers and for terminals that can do no more."""
