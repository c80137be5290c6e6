"""Subagents of a session: who may be asked, how one is put together, where they run, what becomes of them."""
