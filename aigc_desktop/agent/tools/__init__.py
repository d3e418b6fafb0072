"""The tools that the agent can call."""
