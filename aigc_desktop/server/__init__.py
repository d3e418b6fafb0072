"""The optional local HTTP server: health, statistics, learning trigger."""
