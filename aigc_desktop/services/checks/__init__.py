"""The checks of the diagnostics: each small, each on its own, none changes anything."""
