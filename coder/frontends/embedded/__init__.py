"""coder inside another program: `from coder import query, Session, Options`. Must not know the command line or screens.

It sets no signal handler and no global state of the program: neither its folder, nor its environment, nor its logging.
"""
