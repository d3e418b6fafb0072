"""The addresses and what they answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

import aigc_desktop
from aigc_desktop.core import http
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.jobs import RunStatus
from aigc_desktop.server.answers import HEADERS, answer, refusal
from aigc_desktop.server.gate import Gate, Route
from aigc_desktop.server.guard import Rate
from aigc_desktop.server.metrics import CONTENT_TYPE, Metrics
from aigc_desktop.server.openapi import description
from aigc_desktop.services import outside, tokens
from aigc_desktop.services.app import App

MIN_FEEDBACK = 5
LIMITS = {"min_feedback_count": (1, 1000), "max_users_per_batch": (1, 10_000)}
MAX_USERS = 1000


class InvalidParameter(Exception):
    """A parameter is not what it must be; its text names it."""


def make_gate(app: App, port: int, rate: Rate) -> Gate:
    """Return the whole application for a server at `port`."""
    metrics = Metrics()
    routes = {
        http.HEALTH: Route("GET", _health, needs_token=False),
        http.OPENAPI: Route("GET", partial(_openapi, port), needs_token=False),
        http.STATS: Route("GET", partial(_stats, app)),
        http.LEARN: Route("POST", partial(_learn, app)),
        http.METRICS: Route("GET", partial(_metrics, app, metrics)),
    }
    return Gate(routes, port, partial(tokens.check_token, app), rate, metrics.count)


async def _health(_request: Request) -> Response:
    return answer({"status": "ok", "version": aigc_desktop.__version__})


async def _openapi(port: int, _request: Request) -> Response:
    return answer(description(port))


async def _stats(app: App, _request: Request) -> Response:
    return answer(await outside.session_stats(app))


async def _metrics(app: App, metrics: Metrics, _request: Request) -> Response:
    text = metrics.render(await outside.figures(app))
    return Response(text, headers={**HEADERS, "content-type": CONTENT_TYPE})


async def _learn(app: App, request: Request) -> Response:
    try:
        given = await _parameters(request)
        minimum = _number(given, "min_feedback_count", MIN_FEEDBACK)
        batch = _number(given, "max_users_per_batch", None)
        users = _users(given.get("user_ids"))
    except InvalidParameter as error:
        return refusal(422, "invalid", str(error))
    try:
        learned = await outside.batch_learn(app, minimum or MIN_FEEDBACK, users, batch)
    except UserError as error:
        if error.code != "job_unknown":
            raise
        return refusal(503, "learning_unavailable")
    run = learned.run
    data = {
        "run": run.id,
        "status": run.status.value,
        "already_running": learned.joined,
        "started_at": _time(run.started_at),
        "ended_at": _time(run.ended_at),
        "result": None if run.result is None else dict(run.result),
        "error": None if run.error is None else run.error[0],
    }
    return answer(data, 202 if run.status is RunStatus.RUNNING else 200)


async def _parameters(request: Request) -> dict[str, Any]:
    """Return what the query says, and the body where the query says nothing."""
    body: Any = {}
    text = await request.body()
    if text:
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            raise InvalidParameter("The body is not JSON.") from None
        if not isinstance(body, dict):
            raise InvalidParameter("The body must be a JSON object.")
    known = {"min_feedback_count", "max_users_per_batch", "user_ids"}
    for name in {*body, *request.query_params}:
        if name not in known:
            raise InvalidParameter("Known are min_feedback_count, user_ids, max_users_per_batch.")
    query = request.query_params
    given: dict[str, Any] = {**body, **{name: query[name] for name in query if name != "user_ids"}}
    if "user_ids" in query:
        given["user_ids"] = [
            part for value in query.getlist("user_ids") for part in value.split(",")
        ]
    return given


def _number(given: Mapping[str, Any], name: str, default: int | None) -> int | None:
    value = given.get(name)
    if value is None:
        return default
    low, high = LIMITS[name]
    number = _whole(value)
    if number is None or not low <= number <= high:
        raise InvalidParameter(f"{name} must be a whole number from {low} to {high}.")
    return number


def _users(value: Any) -> tuple[int, ...] | None:
    if value is None:
        return None
    numbers = [_whole(each) for each in value] if isinstance(value, list) else [None]
    found = tuple(number for number in numbers if number is not None and number > 0)
    if len(found) != len(numbers) or not 0 < len(found) <= MAX_USERS:
        raise InvalidParameter(f"user_ids must be 1 to {MAX_USERS} whole numbers.")
    return found


def _whole(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    return None


def _time(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")
