"""L3: the fake Messages API server, scripts and cassettes. Knows core only; never the agent."""
