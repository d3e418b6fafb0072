"""Paths, settings, secrets, logging, language: what the program is told, not what it does."""
