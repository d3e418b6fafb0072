"""The optional local HTTP server: off by default, on 127.0.0.1 only, tokens by header only."""
