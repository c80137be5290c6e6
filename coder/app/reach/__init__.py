"""A session's part of MCP: its servers, their tools as tools of the session, and what the model and people are told."""
