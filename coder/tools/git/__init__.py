"""The Git tool: what people do with git all day, bounded, and without what a repository could make git run."""
