"""What the addresses answer, and that the description says so."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

import aigc_desktop
from aigc_desktop.core import http
from aigc_desktop.services import job_list, jobs
from aigc_desktop.services.app import App
from tests.server.conftest import Client
from tests.services.jobs_for_tests import Counter, make_job, use_jobs

LEARN = f"{http.LEARN}?min_feedback_count=5"


@pytest.fixture(autouse=True)
def own_jobs_again() -> Iterator[None]:
    yield
    job_list.all_jobs.cache_clear()


def check(data: Any, schema: Mapping[str, Any], whole: Mapping[str, Any]) -> None:
    """Check data against the part of JSON Schema that the description uses."""
    if "$ref" in schema:
        schema = whole["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "const" in schema:
        assert data == schema["const"]
    if "enum" in schema:
        assert data in schema["enum"]
    kinds = schema.get("type", [])
    known: dict[str, type | tuple[type, ...]] = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "null": type(None),
    }
    wanted = [known[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    assert not wanted or any(isinstance(data, kind) for kind in wanted), (data, schema)
    if isinstance(data, dict) and "properties" in schema:
        assert set(schema.get("required", [])) <= set(data)
        if schema.get("additionalProperties") is False:
            assert set(data) <= set(schema["properties"])
        for name, value in data.items():
            check(value, schema["properties"].get(name, {}), whole)


async def test_the_description_is_true(
    client: Client, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every address is described; every answer is as described, with and without a token."""
    use_jobs(monkeypatch, make_job(Counter(), "learning"))
    whole = (await client.get(http.OPENAPI, token=None)).json
    assert whole["openapi"].startswith("3.1")
    assert whole["info"]["version"] == aigc_desktop.__version__
    assert whole["servers"] == [{"url": f"http://127.0.0.1:{client.port}"}]
    paths = (http.HEALTH, http.STATS, http.LEARN, http.OPENAPI, http.METRICS)
    assert set(whole["paths"]) == set(paths)
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            open_ = operation.get("security") == []
            answers = [
                await client.request(method.upper(), path),
                await client.request(method.upper(), path, token=None),
                await client.request(method.upper(), path, host="evil.com"),
                await client.request("DELETE", path),
            ]
            assert [a.status for a in answers] == [200, 200 if open_ else 401, 421, 405]
            for answer in answers:
                response = operation["responses"][str(answer.status)]
                [(kind, content)] = response["content"].items()
                assert answer.headers["content-type"].startswith(kind)
                if kind == "application/json":
                    check(answer.json, content["schema"], whole)


async def test_stats(client: Client, app: App) -> None:
    from aigc_desktop.services import chat, sessions

    session = await sessions.create_session(app)
    await sessions.create_session(app)
    await sessions.trash_session(app, (await sessions.create_session(app)).id)
    await sessions.set_session_model(app, session.id, "demo")
    await chat.send_message(app, session.id, "hello")
    await app.runner.wait(session.id)
    stats = (await client.get(http.STATS)).json
    assert (stats["total_sessions"], stats["trashed_sessions"]) == (3, 1)
    assert stats["total_turns"] == 1
    assert stats["total_messages"] > 0
    assert stats["cost_usd"] is None


async def test_metrics(client: Client, app: App) -> None:
    await jobs.run_job(app, "prices")
    await client.get(http.HEALTH)
    await client.get("/nothing/secret")
    answer = await client.get(http.METRICS)
    text = answer.body.decode()
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'aigc_sessions{state="all"} 0.0' in text
    assert 'aigc_job_last_success{job="prices"} 1.0' in text
    health = f'aigc_http_requests_total{{method="GET",path="{http.HEALTH}",status="200"}} 1.0'
    assert health in text
    assert 'path="other",status="404"' in text
    assert "secret" not in text
    from prometheus_client.parser import text_string_to_metric_families

    assert len(list(text_string_to_metric_families(text))) > 10


async def test_case_181_a_replayed_trigger_runs_once(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Counter(waits=True)
    use_jobs(monkeypatch, make_job(work, "learning"))
    calls = [asyncio.create_task(client.post(LEARN)) for _ in range(20)]
    await work.begun.wait()
    await asyncio.sleep(0.2)
    work.gate.set()
    answers = [(await call).json for call in calls]
    assert work.runs == 1
    assert len({answer["run"] for answer in answers}) == 1
    assert [answer["already_running"] for answer in answers].count(False) == 1
    assert {answer["status"] for answer in answers} == {"done"}


async def test_a_long_run_is_answered_while_it_runs(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aigc_desktop.services import outside

    monkeypatch.setattr(outside, "LEARNING_WAIT", 0.1)
    work = Counter(waits=True)
    use_jobs(monkeypatch, make_job(work, "learning"))
    first, second = await client.post(LEARN), await client.post(LEARN)
    assert (first.status, first.json["status"]) == (202, "running")
    assert second.json["run"] == first.json["run"]
    work.gate.set()


async def test_parameters_reach_the_learner(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_jobs(monkeypatch, make_job(Counter(), "learning"))
    query = f"{http.LEARN}?min_feedback_count=7&user_ids=1,2&user_ids=3&max_users_per_batch=9"
    result = (await client.post(query)).json["result"]
    assert result == {"count": 1, "min_feedback": 7, "user_ids": [1, 2, 3], "max_users": 9}
    body = b'{"user_ids": [4], "min_feedback_count": 1}'
    result = (await client.post(http.LEARN, body=body, Content_Type="application/json")).json
    assert result["result"]["user_ids"] == [4]
    result = (await client.post(http.LEARN)).json["result"]
    assert (result["min_feedback"], result["user_ids"]) == (5, None)


async def test_bad_parameters(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    work = Counter()
    use_jobs(monkeypatch, make_job(work, "learning"))
    for query in (
        "min_feedback_count=0",
        "min_feedback_count=x",
        "min_feedback_count=1e3",
        "min_feedback_count=99999",
        "max_users_per_batch=-1",
        "user_ids=",
        "user_ids=1,x",
        "user_ids=0",
        "unknown=1",
    ):
        answer = await client.post(f"{http.LEARN}?{query}")
        assert (answer.status, answer.code) == (422, "invalid"), query
    for body in (b"[1]", b"{", b"nul", b'{"user_ids": 1}', b'{"x": 1}', b"[" * 50_000):
        answer = await client.post(http.LEARN, body=body, Content_Type="application/json")
        assert answer.status == 422, body[:20]
    assert work.runs == 0


async def test_without_a_learner(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    use_jobs(monkeypatch)
    answer = await client.post(LEARN)
    assert (answer.status, answer.code) == (503, "learning_unavailable")
