"""L0: types and pure functions. Standard library only; knows nothing above it."""
