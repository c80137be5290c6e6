"""L3: transcripts on disk. Knows core only (and what the engine calls clean); never the model, tools or front ends."""
