"""What was seen to happen in a run, held against what the model says of it."""
