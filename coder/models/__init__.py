"""L3: transports to the model, and what they share. Knows core only; never tools, sessions or front ends."""
