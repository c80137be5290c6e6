"""The plugins that the command line names, as a part of one session."""
