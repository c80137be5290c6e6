"""The hooks of a session: what is run at which point of it, and what its answer does there."""
