"""L3: files and processes of the machine the agent works on. Knows core only."""
