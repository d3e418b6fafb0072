"""The demo model: the real client and the real stream, answered inside the program."""

from aigc_desktop.agent.demo.transport import demo_model

__all__ = ["demo_model"]
