"""Learning from feedback: signals, summary, merge, lessons, prompt text. Pure: no I/O."""
