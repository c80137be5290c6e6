"""What a person has run at certain points of a session."""
