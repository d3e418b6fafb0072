"""AIGC Desktop: get work done with a Claude agent, in one window."""

__version__ = "0.1.0"
