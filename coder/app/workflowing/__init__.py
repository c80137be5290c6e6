"""Workflow files in a session: where they lie, who runs them. Must not know how they are shown."""
