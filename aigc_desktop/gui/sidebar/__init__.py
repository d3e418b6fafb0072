"""The left side of the window: sessions, search, trash."""
