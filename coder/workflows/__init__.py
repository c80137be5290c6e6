"""Workflows as files: Markdown in which each heading is a step. Must not know sessions, models or front ends."""
