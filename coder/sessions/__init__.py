"""L3: transcripts on disk. Knows core only; never the model, tools or front ends."""
