"""What a host may ask besides turns: a noun a file. Each takes a request and gives the payload of its answer."""
