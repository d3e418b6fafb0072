"""Scenarios: which one a request belongs to, and what its prompt is made of. Pure, no I/O."""
