"""One script per figure in the README; each prints one JSON line. `python -m benchmarks.NAME`."""
