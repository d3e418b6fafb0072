"""Transcript, composer, tool cards."""
