"""Diagnostics against real faults: second processes, closed ports, wrong clocks, full disks."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlcipher3 import dbapi2

from aigc_desktop.config import i18n
from aigc_desktop.config import settings as config
from aigc_desktop.config.paths import Paths
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.bus import EventBus
from aigc_desktop.core.diagnostics import CheckResult, Group, State, WindowFacts
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import CheckFinished, Event
from aigc_desktop.services import chat, connection, diagnostics, scenarios, sessions
from aigc_desktop.services.app import App
from aigc_desktop.services.checks import registry
from aigc_desktop.services.checks.check import Check, Finding, Place, blocking
from aigc_desktop.store.tables import sessions as session_table
from tests.scripted_server import Exchange, ScriptedServer, fail
from tests.services.conftest import Chat

ROOT = Path(__file__).resolve().parents[2]
CANARY = "sk-ant-CANARY-0123456789"
SECRET_WORDS = "the merger with Acme is on Friday"

HOLD = """
import sys, time
from sqlcipher3 import dbapi2
db = dbapi2.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(60)
"""


def doctor(*arguments: str, prefix: tuple[str, ...] = (), **env: str) -> tuple[int, str]:
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "aigc_desktop", "doctor", *arguments],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def doctor_json(*, prefix: tuple[str, ...] = (), **env: str) -> tuple[int, dict[str, Any]]:
    code, said = doctor("--json", prefix=prefix, **env)
    report, _ = json.JSONDecoder().raw_decode(said)
    return code, {found["name"]: found for found in report["results"]}


async def checked(app: App, name: str) -> CheckResult:
    report = await diagnostics.run_checks(app)
    return next(result for result in report.results if result.name == name)


async def look(paths: Paths, name: str) -> CheckResult:
    """Run one check without the program."""
    place = diagnostics.without_app(paths, Settings(paths, EventBus()))
    report = await diagnostics.examine(place)
    await place.close()
    return next(result for result in report.results if result.name == name)


@pytest.fixture
async def demo(app: App) -> App:
    await connection.use_demo(app)
    return app


@pytest.fixture
async def closed_database(paths: Paths, open_app: Any) -> Path:
    """A database with a chat in it, of a program that has ended."""
    async with open_app() as app:
        await connection.use_demo(app)
        session = await sessions.create_session(app)
        await chat.send_message(app, session.id, "hello")
        await app.runner.wait(session.id)
        while not paths.search_database.exists():
            await asyncio.sleep(0.01)
    return paths.database


@pytest.fixture
def locked(closed_database: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process is writing, and does not finish."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(closed_database)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    yield holder
    holder.kill()
    holder.wait()
    holder.stdout.close()


async def test_all_is_well_and_each_result_is_published(demo: App, events: list[Event]) -> None:
    facts = WindowFacts("6.11.3", "Noto Sans CJK SC")
    report = await diagnostics.run_checks(demo, facts)
    assert [r.name for r in report.results] == [check.name for check in registry.ALL]
    bad = [r for r in report.results if r.state in (State.PROBLEM, State.UNKNOWN)]
    assert not bad
    published = {event.result.name for event in events if isinstance(event, CheckFinished)}
    assert published == {check.name for check in registry.ALL}
    by_name = {result.name: result for result in report.results}
    assert "Qt 6.11.3" in by_name["versions"].reason
    assert by_name["migrations"].state is State.OK
    assert {result.group for result in report.results} >= {*Group} - {Group.AUTOMATION}


async def test_a_check_that_fails_or_hangs_stops_no_other(
    demo: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_place: Place) -> Finding:
        raise OSError("the disk said no")

    async def hangs(_place: Place) -> Finding:
        await asyncio.Event().wait()
        raise AssertionError

    async def blocks(_place: Place) -> Finding:
        await blocking(lambda: __import__("time").sleep(3))
        raise AssertionError

    broken = (
        Check("fails", Group.PROGRAM, "Log", fails),
        Check("hangs", Group.PROGRAM, "Log", hangs, limit=0.1),
        Check("blocks", Group.PROGRAM, "Log", blocks, limit=0.1),
    )
    monkeypatch.setattr(registry, "ALL", (*broken, *registry.ALL))
    report = await diagnostics.run_checks(demo)
    found = {result.name: result for result in report.results}
    assert {found[name].state for name in ("fails", "hangs", "blocks")} == {State.UNKNOWN}
    assert "the disk said no" in found["fails"].detail
    assert "longer than" in found["hangs"].reason
    assert found["database"].state is State.OK


def test_every_text_of_a_check_is_translated() -> None:
    texts = {check.text for check in registry.ALL}
    for check in registry.ALL:
        if check.mend is not None:
            texts |= {check.mend.text, check.mend.description}
    i18n.set_language("zh_CN")
    untranslated = {text for text in texts if i18n.tr(text) == text}
    i18n.set_language("en")
    assert not untranslated


async def test_an_accepted_key_and_a_refused_one(connected: App, server: ScriptedServer) -> None:
    connected.secrets.set_for_this_session(connection.SERVER_KEY, CANARY)
    assert (await checked(connected, "key")).state is State.OK
    assert (await checked(connected, "server")).state is State.OK
    server.on_models = fail(401, "authentication_error", f"bad key {CANARY}")
    report = await diagnostics.run_checks(connected)
    found = {result.name: result for result in report.results}
    assert found["key"].state is State.PROBLEM
    assert "not accepted" in found["key"].reason
    assert CANARY not in repr(report)
    assert {exchange.path for exchange in server.exchanges} == {"/v1/models"}


async def test_one_run_asks_the_server_once(connected: App, server: ScriptedServer) -> None:
    await diagnostics.run_checks(connected)
    assert len(server.exchanges) == 1


async def test_a_port_where_nothing_listens(connected: App) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    connected.settings.set(config.BASE_URL, f"http://127.0.0.1:{port}")
    report = await diagnostics.run_checks(connected)
    found = {result.name: result for result in report.results}
    assert found["server"].state is State.PROBLEM
    assert "nothing listens" in found["server"].reason
    assert found["key"].state is State.UNKNOWN
    assert report.worst is State.PROBLEM


async def test_a_web_page_in_place_of_a_model(connected: App, server: ScriptedServer) -> None:
    server.on_models = lambda exchange: exchange.send(200, b"<html>log in</html>", "text/html")
    found = await checked(connected, "server")
    assert found.state is State.PROBLEM
    assert "text/html" in found.reason


@pytest.mark.parametrize(
    ("ahead", "state", "word"),
    [(0, State.OK, "agrees"), (-90, State.WARNING, "ahead"), (86_400, State.PROBLEM, "behind")],
)
async def test_a_clock_that_is_wrong(
    connected: App, server: ScriptedServer, ahead: float, state: State, word: str
) -> None:
    async def dated(exchange: Exchange) -> None:
        stamp = formatdate(connected.clock.now_ms() / 1000 + ahead, usegmt=True)
        await exchange.send_json(200, {"data": []}, date=stamp)

    server.on_models = dated
    found = await checked(connected, "clock")
    assert found.state is state, found
    assert word in found.reason


async def test_an_address_that_ends_in_v1_is_mended_and_put_back(
    connected: App, server: ScriptedServer
) -> None:
    server.queue(fail(404, "not_found_error"))
    connected.settings.set(config.BASE_URL, f"{server.url}/v1")
    found = await checked(connected, "base_url")
    assert found.state is State.PROBLEM
    assert found.mend
    mended = await diagnostics.mend(connected, "base_url")
    assert mended.state is State.OK
    assert mended.undo
    assert connected.settings.get(config.BASE_URL) == server.url
    back = await diagnostics.undo_mend(connected, "base_url")
    assert back.state is State.PROBLEM
    assert connected.settings.get(config.BASE_URL) == f"{server.url}/v1"
    with pytest.raises(UserError, match="no_mend"):
        await diagnostics.undo_mend(connected, "base_url")


async def test_a_proxy_is_named_without_its_password_and_used(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    monkeypatch.setenv("HTTP_PROXY", f"http://user:{CANARY}@127.0.0.1:{port}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    app.settings.set(config.PROVIDER, "server")
    app.settings.set(config.BASE_URL, "http://model.example")
    report = await diagnostics.run_checks(app)
    found = {result.name: result for result in report.results}
    assert f"127.0.0.1:{port}" in found["proxy"].reason
    assert found["server"].state is State.PROBLEM
    assert found["base_url"].state is State.WARNING
    assert CANARY not in repr(report)


async def test_without_a_bus_there_is_no_keyring(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    found = await checked(app, "keyring")
    assert found.state is State.WARNING
    app.settings.set(config.PROVIDER, "anthropic")
    place = diagnostics.without_app(app.paths, app.settings)
    needed = await registry.find("keyring").run(place)  # type: ignore[union-attr]
    assert needed.state is State.PROBLEM


def test_who_holds_the_lock(locked: subprocess.Popen[str]) -> None:
    code, found = doctor_json()
    assert code == 1
    assert found["locks"]["state"] == "problem"
    assert f"process {locked.pid}" in found["locks"]["reason"]
    assert found["sessions"]["state"] == "ok"
    locked.kill()
    locked.wait()
    code, found = doctor_json()
    assert found["locks"]["state"] == "ok"


def test_a_damaged_database_is_found_and_the_rest_is_looked_at(closed_database: Path) -> None:
    with closed_database.open("r+b") as file:
        file.seek(4096 * 2)
        file.write(b"\xff" * 4096)
    before = hashlib.sha256(closed_database.read_bytes()).digest()
    code, found = doctor_json()
    assert code == 1
    assert found["database"]["state"] == "problem"
    assert found["disk"]["state"] == "ok"
    assert found["versions"]["state"] == "ok"
    assert hashlib.sha256(closed_database.read_bytes()).digest() == before


@pytest.mark.parametrize("content", [b"", b"junk" * 500])
def test_what_is_no_database_is_found_and_left(paths: Paths, content: bytes) -> None:
    paths.database.write_bytes(content)
    code, found = doctor_json()
    assert code == 1
    assert found["database"]["state"] == "problem"
    assert paths.database.read_bytes() == content


def test_a_newer_database_is_left_untouched(closed_database: Path) -> None:
    with dbapi2.connect(str(closed_database)) as db:
        db.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    before = closed_database.read_bytes()
    code, found = doctor_json()
    assert code == 1
    assert found["migrations"]["state"] == "problem"
    assert found["database"]["state"] == "ok"
    assert closed_database.read_bytes() == before


def test_no_database_yet_is_no_problem_of_the_database(paths: Paths) -> None:
    paths.settings_file.write_text('{"provider": "demo"}')
    code, found = doctor_json()
    assert code == 0, found
    assert found["database"]["state"] == "not_applicable"
    assert "unknown" not in {each["state"] for each in found.values()}
    assert not paths.database.exists()


def test_a_database_that_is_gone_is_a_problem(closed_database: Path) -> None:
    closed_database.unlink()
    code, found = doctor_json()
    assert code == 1
    assert found["database"]["state"] == "problem"
    assert "is gone" in found["database"]["reason"]


def test_a_read_only_place(closed_database: Path, paths: Paths) -> None:
    bwrap = shutil.which("bwrap")
    assert bwrap is not None, "scripts/test.sh installs bubblewrap"
    home = str(paths.home)
    prefix = (bwrap, "--dev-bind", "/", "/", "--ro-bind", home, home, "--")
    code, found = doctor_json(prefix=prefix)
    assert code == 1
    assert found["writing"]["state"] == "problem"
    assert found["database"]["state"] == "ok"
    assert found["sessions"]["state"] == "ok"


def test_a_full_disk(home: Path) -> None:
    bwrap = shutil.which("bwrap")
    assert bwrap is not None, "scripts/test.sh installs bubblewrap"
    disk = home / "disk"
    disk.mkdir()
    fill = 'head -c 65536 /dev/zero > "$0"; exec "$@"'
    prefix = (
        *(bwrap, "--dev-bind", "/", "/", "--size", "65536", "--tmpfs", str(disk)),
        *("--", "sh", "-c", fill, str(disk / "filler")),
    )
    code, found = doctor_json(prefix=prefix, AIGC_HOME=str(disk / "aigc"))
    assert code == 1
    assert found["disk"]["state"] == "problem"
    assert found["writing"]["state"] == "problem"


async def test_rights_are_mended_and_put_back_after_a_restart(
    closed_database: Path, paths: Paths
) -> None:
    paths.home.chmod(0o755)
    paths.data_dir.chmod(0o755)
    closed_database.chmod(0o644)
    code, said = doctor("--fix", "rights")
    assert code == 0, said
    assert stat.S_IMODE(closed_database.stat().st_mode) == 0o600
    assert stat.S_IMODE(paths.data_dir.stat().st_mode) == 0o700
    assert (await look(paths, "rights")).undo
    code, said = doctor("--undo", "rights")
    assert code == 0, said
    assert stat.S_IMODE(closed_database.stat().st_mode) == 0o644
    assert (await look(paths, "rights")).state is State.WARNING


async def test_a_key_file_that_others_can_read_is_a_problem(paths: Paths) -> None:
    paths.key_file.write_text("{}")
    paths.key_file.chmod(0o644)
    assert (await look(paths, "rights")).state is State.PROBLEM


async def test_settings_that_do_not_fit_are_taken_out_and_put_back(
    paths: Paths, allow_log: set[str]
) -> None:
    allow_log.add("ignored: setting_invalid")
    paths.settings_file.write_text('{"max_turns": "many", "newer": {"a": null}, "theme": "dark"}')
    found = await look(paths, "settings")
    assert found.state is State.WARNING
    assert "max_turns" in found.reason
    place = diagnostics.without_app(paths, Settings(paths, EventBus()))
    assert (await diagnostics.mend_at(place, "settings")).state is State.OK
    stored = json.loads(paths.settings_file.read_text())
    assert stored == {"newer": {"a": None}, "theme": "dark"}
    await diagnostics.undo_at(place, "settings")
    assert json.loads(paths.settings_file.read_text())["max_turns"] == "many"


async def test_a_chat_that_lost_its_place_shows_its_messages_again(demo: App) -> None:
    session = await sessions.create_session(demo)
    conversation = Chat(demo, session.id)
    turn_id = await conversation.send("hello")
    await demo.store.write(lambda db: db.execute(update(session_table).values(current_turn_id=987)))
    found = await checked(demo, "sessions")
    assert found.state is State.PROBLEM
    assert "on disk 1, shown 1" in found.reason
    mended = await diagnostics.mend(demo, "sessions")
    assert mended.state is State.OK
    assert mended.undo
    snapshot = await chat.open_session(demo, session.id)
    assert [turn.id for turn in snapshot.turns] == [turn_id]
    await diagnostics.undo_mend(demo, "sessions")
    assert (await checked(demo, "sessions")).state is State.PROBLEM


async def test_a_damaged_search_index_is_built_anew(demo: App) -> None:
    session = await sessions.create_session(demo)
    await Chat(demo, session.id).send("the word is heliotrope")
    demo.store.catch_up_search()
    index = demo.paths.search_database
    with dbapi2.connect(str(index)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    with index.open("r+b") as file:
        file.seek(4096 * 2)
        file.write(b"\xff" * 4096)
    found = await checked(demo, "search")
    assert found.state is State.PROBLEM
    assert (await diagnostics.mend(demo, "search")).state is State.OK
    demo.store.catch_up_search()
    assert len((await sessions.search(demo, "heliotrope")).hits) == 1


async def test_the_bundle_holds_no_secret_and_no_message(
    connected: App, server: ScriptedServer, tmp_path: Path, allow_log: set[str]
) -> None:
    allow_log.add("turn 1 failed")
    connected.secrets.set_for_this_session(connection.SERVER_KEY, CANARY)
    server.queue(fail(401, "authentication_error", f"your key {CANARY} is bad"))
    session = await sessions.create_session(connected)
    await sessions.rename_session(connected, session.id, f"title: {SECRET_WORDS}")
    await Chat(connected, session.id).send(SECRET_WORDS)
    await scenarios.list_scenarios(connected)
    connected.paths.logs_dir.mkdir(exist_ok=True)
    log = connected.paths.logs_dir / "backend.log"
    log.write_text(
        f"2026-11-25 INFO x {connected.paths.home}/data Authorization: Bearer {CANARY}\n"
    )
    target = tmp_path / "bundle.zip"
    await diagnostics.write_bundle(connected, target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with zipfile.ZipFile(target) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    everything = "\n".join(parts.values())
    assert CANARY not in everything
    assert SECRET_WORDS not in everything
    assert str(Path.home()) not in everything
    assert json.loads(parts["database.json"])["rows"]["sessions"] == 1
    assert json.loads(parts["doctor.json"])["results"]
    assert "~data/data" in parts["log.txt"]


def test_a_bundle_of_a_damaged_database(paths: Paths, tmp_path: Path) -> None:
    paths.database.write_bytes(b"junk" * 500)
    target = tmp_path / "bundle.zip"
    code, said = doctor("--bundle", str(target))
    assert code == 0, said
    with zipfile.ZipFile(target) as archive:
        results = json.loads(archive.read("doctor.json"))["results"]
    assert next(r for r in results if r["name"] == "database")["state"] == "problem"


def test_a_bundle_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    code, said = doctor("--bundle", str(tmp_path / "none" / "bundle.zip"))
    assert code == 1
    assert "can't be written" in said
