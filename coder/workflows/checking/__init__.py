"""What is wrong in a workflow as a whole: ways, values, nesting. Pure; must not know where files lie."""
