"""One module per area, one function per thing a user can do."""
