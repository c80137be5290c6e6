"""L5: front ends render events and answer requests. They never import one another."""
