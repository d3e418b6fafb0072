"""The description of the addresses, as OpenAPI 3.1."""

from __future__ import annotations

from typing import Any

import aigc_desktop
from aigc_desktop.core import http

Json = dict[str, Any]

_INTEGER: Json = {"type": "integer", "minimum": 0}
_ERRORS = {
    "400": "The request is not HTTP.",
    "403": "It comes from a web page, or wants another protocol.",
    "404": "There is no such address.",
    "405": "This method is not allowed here.",
    "413": "The body is too large.",
    "431": "The headers are too large.",
    "421": "The Host header names another server.",
    "500": "Something went wrong; the log says what.",
    "503": "Too many requests.",
}
_UNAUTHORIZED = {"401": "No valid token in the Authorization header."}


def description(port: int) -> Json:
    """Return the whole document for a server at `port`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "AIGC Desktop",
            "version": aigc_desktop.__version__,
            "description": "The local HTTP server. It listens on 127.0.0.1 only, takes tokens in "
            "the Authorization header only, and answers no web page.",
        },
        "servers": [{"url": f"http://127.0.0.1:{port}"}],
        "paths": {
            http.HEALTH: {"get": _operation("health", "Status and version", _HEALTH, open_=True)},
            http.STATS: {"get": _operation("sessionStats", "Sums over all sessions", _STATS)},
            http.LEARN: {"post": _learn()},
            http.OPENAPI: {
                "get": _operation("openapi", "This description", {"type": "object"}, open_=True)
            },
            http.METRICS: {"get": _metrics()},
        },
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
            "schemas": {"Error": _ERROR},
        },
        "security": [{"token": []}],
    }


def _operation(name: str, summary: str, schema: Json, *, open_: bool = False) -> Json:
    responses = {"200": _response("Well.", schema), **_refusals(open_=open_)}
    operation: Json = {"operationId": name, "summary": summary, "responses": responses}
    return {**operation, "security": []} if open_ else operation


def _refusals(*, open_: bool = False) -> Json:
    texts = _ERRORS if open_ else {**_ERRORS, **_UNAUTHORIZED}
    reference = {"$ref": "#/components/schemas/Error"}
    return {status: _response(text, reference) for status, text in sorted(texts.items())}


def _response(text: str, schema: Json, kind: str = "application/json") -> Json:
    return {"description": text, "content": {kind: {"schema": schema}}}


def _metrics() -> Json:
    operation = _operation("metrics", "Figures for Prometheus", {})
    operation["responses"]["200"] = _response("Well.", {"type": "string"}, "text/plain")
    return operation


def _learn() -> Json:
    operation = _operation("batchLearnPreferences", "Learn preferences from feedback now", _RUN)
    operation["description"] = (
        "Waits up to 25 seconds for the run to end. While a run goes on, every further call "
        "joins it: nothing is done twice."
    )
    operation["parameters"] = [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in _LEARN_PARAMETERS.items()
    ]
    body = {"type": "object", "properties": _LEARN_PARAMETERS, "additionalProperties": False}
    operation["requestBody"] = {
        "required": False,
        "description": "The same parameters; the query comes first.",
        "content": {"application/json": {"schema": body}},
    }
    reference = {"$ref": "#/components/schemas/Error"}
    operation["responses"] |= {
        "202": _response("It still runs.", _RUN),
        "411": _response("The body has no Content-Length.", reference),
        "415": _response("The body is not application/json.", reference),
        "422": _response("A parameter is not valid.", reference),
    }
    return operation


_ERROR: Json = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        }
    },
}
_HEALTH: Json = {
    "type": "object",
    "required": ["status", "version"],
    "properties": {"status": {"const": "ok"}, "version": {"type": "string"}},
    "additionalProperties": False,
}
_COUNTS = (
    "total_sessions",
    "active_sessions",
    "trashed_sessions",
    "total_turns",
    "running_turns",
    "total_messages",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "total_feedback",
    "like_count",
    "dislike_count",
)
_RATE: Json = {"type": ["number", "null"]}
_RATES = ("cache_hit_rate", "average_seconds", "average_seconds_to_first_token")
_STATS: Json = {
    "type": "object",
    "required": [*_COUNTS, *_RATES, "cost_usd"],
    "properties": {
        **dict.fromkeys(_COUNTS, _INTEGER),
        **dict.fromkeys(_RATES, _RATE),
        "cost_usd": {
            "type": ["string", "null"],
            "description": "US dollars, as an exact decimal; null when nothing had a price.",
        },
    },
    "additionalProperties": False,
}
_LEARN_PARAMETERS: dict[str, Json] = {
    "min_feedback_count": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 5},
    "user_ids": {
        "type": "array",
        "items": {"type": "integer", "minimum": 1},
        "minItems": 1,
        "maxItems": 1000,
    },
    "max_users_per_batch": {"type": "integer", "minimum": 1, "maximum": 10_000},
}
_WHEN: Json = {"type": ["string", "null"], "format": "date-time"}
_RUN: Json = {
    "type": "object",
    "required": [
        "run",
        "status",
        "already_running",
        "started_at",
        "ended_at",
        "result",
        "error",
    ],
    "properties": {
        "run": _INTEGER,
        "status": {"enum": ["running", "done", "failed", "cancelled", "aborted"]},
        "already_running": {"type": "boolean"},
        "started_at": _WHEN,
        "ended_at": _WHEN,
        "result": {"type": ["object", "null"]},
        "error": {"type": ["string", "null"]},
    },
    "additionalProperties": False,
}
