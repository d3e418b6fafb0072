"""The learning page, and what hangs on an answer: feedback, why it was given."""
