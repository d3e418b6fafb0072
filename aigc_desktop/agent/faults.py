"""What went wrong with the model, as something that a user can act on."""

from __future__ import annotations

import re

import anthropic
import httpx2

from aigc_desktop.core.errors import UserError

RETRYABLE = frozenset(
    {"rate_limited", "overloaded", "server_error", "network_unreachable", "stream_broken"}
)
"""Codes after which the same request may succeed."""

_STATUS_CODES = {
    401: "api_key_invalid",
    403: "permission_denied",
    404: "model_not_found",
    413: "request_too_large",
    429: "rate_limited",
    529: "overloaded",
}
_TYPE_CODES = {
    "authentication_error": "api_key_invalid",
    "permission_error": "permission_denied",
    "not_found_error": "model_not_found",
    "rate_limit_error": "rate_limited",
    "overloaded_error": "overloaded",
    "request_too_large": "request_too_large",
}
_OVERFLOW = re.compile(
    r"prompt is too long|context (length|window|size)|exceeds? .*context|too many tokens", re.I
)
_REASON_LENGTH = 300


def user_error(error: Exception, *, host: str, model: str = "") -> UserError:
    """Return the UserError for anything that a call of the model raised. Never holds the key."""
    match error:
        case UserError():
            return error
        case anthropic.APIStatusError():
            return _of_status(error, model)
        case anthropic.APITimeoutError() | httpx2.TimeoutException() | TimeoutError():
            return UserError("stream_idle")
        case anthropic.APIConnectionError() | httpx2.ConnectError():
            return UserError("network_unreachable", host=host)
        case httpx2.TransportError() | httpx2.StreamError():
            return UserError("stream_broken")
        case ValueError() | KeyError() | TypeError() | AttributeError() | AssertionError():
            return UserError("stream_broken")
        case anthropic.AnthropicError():
            return UserError("stream_broken")
        case _:
            raise error


def retry_after(error: Exception) -> float | None:
    """Return the seconds that the server asked to wait, if it did."""
    response = getattr(error, "response", None)
    value = response.headers.get("retry-after") if response is not None else None
    try:
        return max(float(value), 0.0) if value is not None else None
    except ValueError:
        return None


def _of_status(error: anthropic.APIStatusError, model: str) -> UserError:
    kind = str(getattr(error, "type", None) or "")
    reason = _message(error)
    status = error.status_code
    if _OVERFLOW.search(reason):
        return UserError("context_overflow")
    code = _TYPE_CODES.get(kind) or _STATUS_CODES.get(status)
    if code == "model_not_found":
        return UserError(code, model=model)
    if code is not None:
        return UserError(code)
    if status >= 500 or status == 200 or status in (408, 409):
        return UserError("server_error", status=kind or status)
    return UserError("request_invalid", reason=reason)


def _message(error: anthropic.APIStatusError) -> str:
    body = error.body
    if isinstance(body, dict):
        inner = body.get("error")
        text = inner.get("message") if isinstance(inner, dict) else inner or body.get("message")
        if text:
            return str(text)[:_REASON_LENGTH]
    return str(error.message)[:_REASON_LENGTH]
