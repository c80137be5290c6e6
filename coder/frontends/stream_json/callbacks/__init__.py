"""What coder asks the program that started it: leave for calls, hooks, servers, and what it wants of the session."""
