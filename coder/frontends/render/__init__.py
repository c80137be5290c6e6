"""What happened, as rows to print: answers, calls, diffs, failures. Pure; knows neither a terminal nor who reads."""
