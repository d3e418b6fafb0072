"""The operations page: what the program does by itself, and whether it is well."""
