"""Rules and decisions as people read them, for the command line and for slash commands."""
