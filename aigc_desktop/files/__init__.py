"""The work directory and what is in it."""
