"""Pages and searches of the web as tools. What comes from there is data: it is bounded, and never followed blindly."""
