"""Auto-commit: what each run changed as one commit on an agent branch, and its undoing. Must not know front ends."""
