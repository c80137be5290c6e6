"""L3: the built-in tools. They describe what a call touches and run it; they never ask for permission."""
