"""The notes the model reads at the start: CLAUDE.md, AGENTS.md and rules."""
