"""The database: engine, tables, one writer thread, repositories, search, migrations."""
