"""Bundles (.mcpb, .dxt) that bring a server: read, unpacked, configured, kept and checked."""
