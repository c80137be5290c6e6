"""L1: the permission policy, pure and total. Knows core only; file facts come in through an interface."""
