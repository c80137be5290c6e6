"""Models: the Messages API by two transports behind one protocol, with retries. Must not know the loop."""
