"""Settings page and welcome page."""
