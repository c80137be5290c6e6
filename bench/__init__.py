"""Speed and memory of `coder`, as medians beside a baseline measured in the same run. `python -m bench`."""
