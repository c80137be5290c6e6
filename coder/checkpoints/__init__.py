"""Checkpoints: what calls changed on disk, kept so that it can be undone. Must not know tools, models or people."""
