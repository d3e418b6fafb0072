"""What the commands tell the shell."""

from __future__ import annotations

OK = 0
FAILED = 1
USAGE = 2
NOT_CONNECTED = 3
LIMIT_REACHED = 4
DENIED = 5
INTERRUPTED = 130

EXIT_CODES = """\
exit codes:
  0  the answer is complete
  1  something went wrong (the message says what)
  2  the command was not understood
  3  no model is connected: give a key, a server, or --model demo
  4  a limit ended the answer (turns, tokens, cost)
  5  the answer is complete, but something it wanted to do was denied
  130  stopped with Ctrl-C
"""

NOT_CONNECTED_CODES = frozenset(
    {"api_key_missing", "api_key_invalid", "provider_not_chosen", "base_url_missing"}
)
