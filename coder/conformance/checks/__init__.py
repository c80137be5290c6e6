"""What is looked at, one noun a file. Must not know how a command is started or a verdict shown."""
