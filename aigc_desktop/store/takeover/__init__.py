"""Taking over a `sessions.db` of the web version.

A private copy is read (`source`), its rows are cleaned (`clean`) into a database that our own
migrations make (`staging`), and that is merged into the user's (`merge`, `library`).
"""
