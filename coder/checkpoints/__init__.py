"""Checkpoints: what each call changed on disk, kept so that it can be undone. Must not know sessions, tools or models."""
