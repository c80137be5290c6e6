"""Workflows as they run: steps walked in order, agents asked, results kept. Must not know sessions or front ends."""
