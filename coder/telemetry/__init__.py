"""L3: listeners over events (cost, logs). They observe; no behaviour depends on them."""
