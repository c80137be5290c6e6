"""L2: the engine (loop, executor, gate, history). Knows core and permissions; never a front end, a tool or a model."""
