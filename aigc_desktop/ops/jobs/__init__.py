"""When scheduled jobs are due, and the thread that wakes the backend for them."""
