"""Finding a tool of a server by what one wants done: words, what they stand for, an index. Must not know any server."""
