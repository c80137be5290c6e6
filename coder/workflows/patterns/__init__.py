"""Files to begin with, one for each pattern, and who writes them. Must not know which folders count."""
