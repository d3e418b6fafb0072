"""Answers: JSON with headers that keep browsers out of it."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
}
"""There is no Access-Control-Allow-Origin, ever."""

_MESSAGES = {
    "bad_request": "The request cannot be understood.",
    "unauthorized": "A valid token is needed, in the Authorization header only (Bearer).",
    "forbidden": "Requests from web pages and upgrades are refused.",
    "not_found": "There is no such address.",
    "method_not_allowed": "This method is not allowed here.",
    "too_large": "The request is too large.",
    "unsupported_media_type": "The body must be application/json, or empty.",
    "misdirected": "The Host header must name this server.",
    "invalid": "A parameter is not valid.",
    "internal": "Something went wrong; the log says what.",
    "busy": "Busy.",
    "learning_unavailable": "Learning is not available here.",
}


def answer(data: Any, status: int = 200) -> Response:
    """Return JSON."""
    return JSONResponse(data, status, HEADERS)


def refusal(status: int, code: str, message: str = "", **headers: str) -> Response:
    """Return `{"error": {"code", "message"}}`; never a traceback, nor anything that was sent."""
    error = {"code": code, "message": message or _MESSAGES[code]}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return JSONResponse({"error": error}, status, {**HEADERS, **named})
