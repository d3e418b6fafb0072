"""`aigc-desktop backup`: snapshots, restore, drill, without a window."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import getpass
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aigc_desktop.cli.exits import FAILED, OK
from aigc_desktop.cli.running import (
    Run,
    at_files,
    in_app,
    in_app_twice,
    nothing,
    print_json,
    printable,
    without_app,
)
from aigc_desktop.config.backup_words import cause_text, file_state_text, session_state_text
from aigc_desktop.config.i18n import tr, tr_n
from aigc_desktop.config.operation_words import size_text
from aigc_desktop.config.paths import Paths
from aigc_desktop.config.settings import Settings
from aigc_desktop.core.backup import Selection, SessionState, Snapshot
from aigc_desktop.core.errors import UserError
from aigc_desktop.services import backup, rescue, restore
from aigc_desktop.services.app import App

Action = Callable[[App, argparse.Namespace], Awaitable[int]]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the actions and their options."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    create = _add(actions, "create", "make a snapshot and verify it", _create)
    create.add_argument("--label", default="")
    listing = actions.add_parser("list", help="list the snapshots, newest first")
    listing.add_argument("--json", action="store_true", help="print one JSON value")
    listing.set_defaults(run=at_files(_list))
    verify = _add(actions, "verify", "read all of a snapshot and check every hash", _verify)
    verify.add_argument("snapshot", nargs="?", help="the newest, if none is named")
    bring = _add(actions, "restore", "restore everything, or what is named", _restore)
    bring.add_argument("snapshot")
    bring.add_argument(
        "--preview", action="store_true", help="say what would change; change nothing"
    )
    bring.add_argument("--session", action="append", default=[], metavar="UID")
    bring.add_argument("--file", action="append", default=[], metavar="PATH")
    bring.add_argument("--merge", action="store_true", help="remove nothing that is only here")
    _add(actions, "undo", "take the newest restore back", _undo)
    forgetting = actions.add_parser("forget", help="give up a restore that waits to be put in")
    forgetting.add_argument("--json", action="store_true", help="print one JSON value")
    forgetting.set_defaults(run=without_app(_forget))
    export = _add(actions, "export", "write a snapshot into one portable file", _export)
    export.add_argument("snapshot")
    export.add_argument("file")
    export.add_argument("--encrypt", action="store_true", help="with a passphrase (age format)")
    taking = _add(actions, "import", "read a portable file; then `restore` it", _import)
    taking.add_argument("file")
    _add(actions, "drill", "restore the newest snapshot into a scratch folder and check it", _drill)
    _add(actions, "prune", "apply retention and free what is not needed", _prune)
    _add(actions, "delete", "delete one snapshot", _delete).add_argument("snapshot")
    _add(actions, "upload", "send what the bucket does not have", _upload)
    _add(actions, "fetch", "get the snapshots from the bucket (a new machine)", _fetch)
    setting = _add(actions, "passphrase", "set the passphrase and encrypt from now on", _passphrase)
    setting.add_argument(
        "--ask-again",
        action="store_true",
        help="do not keep it in the keyring; it has to be given each time",
    )


def _add(actions: Any, name: str, text: str, work: Action) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text, description=text)
    parser.add_argument("--json", action="store_true", help="print one JSON value")
    parser.add_argument(
        "--passphrase-file",
        metavar="FILE",
        help="read the passphrase from the first line of FILE (- for standard input)",
    )
    opening = in_app_twice if work in (_restore, _undo) else in_app
    run = opening(_with_passphrase(work))
    parser.set_defaults(run=_or_rescue(run) if work is _restore else run)
    return parser


def _or_rescue(restore_all: Run) -> Run:
    """Where the database keeps the program from opening, restore the database alone."""

    def run(options: argparse.Namespace) -> int:
        try:
            return restore_all(options)
        except UserError as error:
            partly = options.preview or options.session or options.file or options.merge
            if error.code not in rescue.REPLACEABLE or partly:
                raise
        return without_app(_rescue)(options) or in_app(nothing)(options)

    return run


def _rescue(paths: Paths, options: argparse.Namespace) -> int:
    given = _read_passphrase(options) if options.passphrase_file else None
    sessions = rescue.restore_backup(paths, options.snapshot, given)
    if options.json:
        print_json({"snapshot": options.snapshot, "sessions": sessions, "database_only": True})
        return OK
    print(tr("The database could not be used; it is kept in the data folder."))
    print(tr("The chats of the backup take its place. Files and settings stay as they are."))
    print(tr_n("{count} session", "{count} sessions", sessions))
    return OK


def _with_passphrase(work: Action) -> Action:
    """Take the passphrase from the file that is named; ask for it where it turns out missing."""

    async def run(app: App, options: argparse.Namespace) -> int:
        if options.passphrase_file and options.action not in ("export", "import", "passphrase"):
            given = await asyncio.to_thread(_read_passphrase, options)
            app.secrets.set_for_this_session(backup.PASSPHRASE, given)
        try:
            return await work(app, options)
        except UserError as error:
            if error.code != "passphrase_missing" or not sys.stdin.isatty():
                raise
            given = await asyncio.to_thread(getpass.getpass, tr("Passphrase: "))
            app.secrets.set_for_this_session(backup.PASSPHRASE, given)
            return await work(app, options)

    return run


def _read_passphrase(options: argparse.Namespace) -> str:
    """Return a passphrase from the file that is named or the terminal; never from an argument.

    Raises UserError("file_not_readable").
    """
    if options.passphrase_file == "-":  # noqa: S105 the name of standard input
        return sys.stdin.readline().rstrip("\r\n")
    if options.passphrase_file:
        try:
            with Path(options.passphrase_file).open(encoding="utf-8") as file:
                return file.readline().rstrip("\r\n")
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "UTF-8"
            path = options.passphrase_file
            raise UserError("file_not_readable", path=path, reason=reason) from error
    return getpass.getpass(tr("Passphrase: "))


async def _create(app: App, options: argparse.Namespace) -> int:
    encrypted = bool(options.passphrase_file)
    result = await backup.create_backup(app, options.label, encrypted=encrypted)
    if options.json:
        print_json(result)
    else:
        added = size_text(result["added"])
        print(tr("Snapshot {id}: {added} added", id=result["snapshot"], added=added))
    return OK


async def _list(paths: Paths, settings: Settings, options: argparse.Namespace) -> int:
    found = backup.list_at(paths, settings)
    if options.json:
        print_json([dataclasses.asdict(each) for each in found])
        return OK
    if not found:
        print(tr("There are no snapshots yet."))
    for each in found:
        print(f"{each.id}  {_when(each.created_at)}  {size_text(each.size):>9}  {_marks(each)}")
    return OK


async def _verify(app: App, options: argparse.Namespace) -> int:
    found = await backup.verify_snapshot(app, options.snapshot)
    if options.json:
        print_json(dataclasses.asdict(found))
    elif found.ok:
        print(tr("{id} is whole: {chunks} chunks", id=found.snapshot_id, chunks=found.chunks))
    else:
        print(tr("{id} is damaged:", id=found.snapshot_id), *found.problems, sep="\n  ")
    return OK if found.ok else FAILED


async def _restore(app: App, options: argparse.Namespace) -> int:
    if options.preview:
        seen = await restore.preview_restore(app, options.snapshot)
        if options.json:
            print_json(dataclasses.asdict(seen))
            return OK
        for each in seen.files:
            print(f"{file_state_text(each.state)}  {printable(each.path)}")
        for session in seen.sessions:
            if session.state is not SessionState.SAME:
                state = session_state_text(session.state)
                print(f"{state}  {session.uid}  {printable(session.title)}")
        return OK
    chosen = Selection(tuple(options.session), tuple(options.file), replace=not options.merge)
    return _tell(await restore.restore_snapshot(app, options.snapshot, chosen), options)


async def _undo(app: App, options: argparse.Namespace) -> int:
    return _tell(await restore.undo_restore(app), options)


def _forget(paths: Paths, options: argparse.Namespace) -> int:
    forgotten = restore.forget_waiting(paths)
    if options.json:
        print_json({"forgotten": forgotten})
    elif forgotten:
        print(tr("The restore is forgotten; everything is as it was."))
    else:
        print(tr("No restore waits."))
    return OK


def _tell(result: Any, options: argparse.Namespace) -> int:
    if options.json:
        print_json(dataclasses.asdict(result))
        return OK
    if result.restarts:
        print(tr("Everything is ready, and is put in when this command ends."))
    print(tr_n("{count} session", "{count} sessions", result.sessions))
    print(tr_n("{count} file", "{count} files", result.files))
    for path in result.problems:
        print(tr("{path} could not be put back.", path=path), file=sys.stderr)
    return FAILED if result.problems else OK


async def _export(app: App, options: argparse.Namespace) -> int:
    wanted = options.encrypt or options.passphrase_file
    passphrase = await asyncio.to_thread(_read_passphrase, options) if wanted else None
    size = await restore.export_snapshot(app, options.snapshot, options.file, passphrase)
    if options.json:
        print_json({"file": options.file, "bytes": size})
    else:
        print(tr("{file}: {size}", file=options.file, size=size_text(size)))
    return OK


async def _import(app: App, options: argparse.Namespace) -> int:
    passphrase = None
    if options.passphrase_file:
        passphrase = await asyncio.to_thread(_read_passphrase, options)
    try:
        made = await restore.import_backup(app, options.file, passphrase)
    except UserError as error:
        if error.code != "import_passphrase_needed" or not sys.stdin.isatty():
            raise
        passphrase = await asyncio.to_thread(_read_passphrase, options)
        made = await restore.import_backup(app, options.file, passphrase)
    if options.json:
        print_json({"snapshot": made})
    else:
        print(tr("It is now the snapshot {id}.", id=made))
    return OK


async def _drill(app: App, options: argparse.Namespace) -> int:
    result = await backup.run_drill(app)
    if options.json:
        print_json(result)
    else:
        print(tr("{id} was restored and works.", id=result["snapshot_id"]))
    return OK


async def _prune(app: App, options: argparse.Namespace) -> int:
    return _freed(await backup.prune_backups(app), options)


async def _delete(app: App, options: argparse.Namespace) -> int:
    return _freed(await backup.delete_snapshot(app, options.snapshot), options)


def _freed(done: Any, options: argparse.Namespace) -> int:
    if options.json:
        print_json(dataclasses.asdict(done))
    else:
        print(tr_n("{count} snapshot removed", "{count} snapshots removed", len(done.snapshots)))
    return OK


async def _upload(app: App, options: argparse.Namespace) -> int:
    return _count(await backup.upload_snapshots(app), options)


async def _fetch(app: App, options: argparse.Namespace) -> int:
    return _count(await backup.fetch_snapshots(app), options)


def _count(count: int, options: argparse.Namespace) -> int:
    print_json({"count": count}) if options.json else print(count)
    return OK


async def _passphrase(app: App, options: argparse.Namespace) -> int:
    given = await asyncio.to_thread(_read_passphrase, options)
    await backup.set_passphrase(app, given, remember=not options.ask_again)
    if options.json:
        print_json({"encrypted": True})
    else:
        print(tr("Backups are encrypted from now on."))
    return OK


def _marks(snapshot: Snapshot) -> str:
    marks = [cause_text(snapshot.cause)]
    marks += [tr("damaged")] if snapshot.damaged else []
    marks += [tr("proven")] if snapshot.proven_at else []
    marks += [tr("encrypted")] if snapshot.encrypted else []
    marks += [printable(snapshot.label)] if snapshot.label else []
    return " · ".join(marks)


def _when(stamp: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(stamp / 1000))
