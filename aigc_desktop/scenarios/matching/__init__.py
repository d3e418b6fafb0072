"""Picks the scenario that a request belongs to, on this machine, and says why."""
