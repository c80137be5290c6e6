"""L6: the command line. Thin; each subcommand is a lazy module."""
