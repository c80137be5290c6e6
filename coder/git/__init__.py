"""A git repository as coder sees it: found, read and changed so that it can make nothing run. Must not know tools."""
