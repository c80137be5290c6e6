"""L4: the composition root and the session front ends hold. The only place where the layers meet."""
