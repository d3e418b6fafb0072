"""Backup and restore: a repository of snapshots, made of packs of deduplicated chunks."""
