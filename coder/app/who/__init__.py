"""Which session changed a file or moved a name of git's. Must not know how that is shown."""
