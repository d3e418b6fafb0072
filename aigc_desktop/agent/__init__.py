"""The agent: loop, model client, tools, permissions, sandbox, demo model."""
