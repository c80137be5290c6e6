"""L3: where settings come from and where we write. Knows core and permissions' rule grammar only."""
