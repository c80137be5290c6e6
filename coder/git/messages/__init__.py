"""What commit messages say: how a repository writes them, what of one says who wrote it. Must not know commits."""
