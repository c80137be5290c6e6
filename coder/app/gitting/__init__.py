"""Git's part of a session: what the model is told of the repository, the tool, what a run's commit needs to know."""
