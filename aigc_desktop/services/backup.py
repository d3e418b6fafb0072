"""Backup: make, list, verify, label, prune and prove snapshots.

The work is done by `ops.backup` in a process of its own; cancelling a call cancels the work, and
nothing half done stays. While it runs, `BackupProgressed` says how far it is; `BackupsChanged`
follows when it has ended, however it ended.
"""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

from aigc_desktop import __version__
from aigc_desktop.config import settings as config
from aigc_desktop.config.paths import Paths
from aigc_desktop.config.secrets import SecretStore
from aigc_desktop.core.backup import (
    BackupOverview,
    Cause,
    DrillResult,
    Operation,
    Pruned,
    Snapshot,
    TargetKind,
    Verification,
)
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.events import BackupProgressed, BackupsChanged
from aigc_desktop.ops.backup import catalog
from aigc_desktop.ops.backup.job import Bucket, Job, Keep
from aigc_desktop.services.app import App
from aigc_desktop.store import folders

PASSPHRASE = "backup_passphrase"  # noqa: S105 a name in the keyring
MINIO_SECRET = "minio_secret_key"  # noqa: S105 a name in the keyring
MIN_PASSPHRASE = 8
"""Characters."""

SENDING = ("create", "delete", "prune")
"""What also works in the bucket, where one is the target; the rest does without."""

MAX_LABEL = 200


async def get_overview(app: App) -> BackupOverview:
    """Return what the panel shows above the list. Quick; reads no database."""
    bucket = bucket_label(app)
    repository = catalog.repository(app.paths, app.settings)
    state = await asyncio.to_thread(catalog.overview, repository, catalog.origin(app.paths))
    return BackupOverview(
        target=TargetKind(app.settings.get(config.BACKUP_TARGET)),
        folder=str(repository),
        bucket=bucket,
        encrypted=app.settings.get(config.BACKUP_ENCRYPT),
        passphrase_known=await _known_passphrase(app) is not None,
        running=app.backups.running,
        **state,
    )


async def list_snapshots(app: App) -> list[Snapshot]:
    """Return all snapshots, newest first. Works without the passphrase.

    Raises UserError("backup_damaged") only when the repository itself cannot be read; a damaged
    snapshot is in the list as such.
    """
    return await asyncio.to_thread(list_at, app.paths, app.settings)


def list_at(paths: Paths, settings: config.Settings) -> list[Snapshot]:
    """As `list_snapshots`, also where the program cannot be opened. Blocks."""
    return catalog.snapshots(catalog.repository(paths, settings), catalog.origin(paths))


async def create_backup(
    app: App, label: str = "", cause: str = Cause.MANUAL.value, *, encrypted: bool = False
) -> dict[str, Any]:
    """Make a snapshot, verify it, send it to the bucket if that is the target, apply retention.

    It is encrypted if the settings say so, or if `encrypted` does.

    Returns a JSON-able result: `snapshot` (its id), `added` and `size` (bytes), `seconds`,
    `pruned` (ids), `uploaded` (bool).

    Raises:
        UserError: `disk_full`, `backup_locked` (another process is at it), `passphrase_missing`,
            `passphrase_wrong`, `backup_damaged`, `backup_upload_failed` (the snapshot is here, and
            only here), `bucket_*`.
    """
    options = {"label": label.strip()[:MAX_LABEL], "cause": Cause(cause).value}
    return await run_job(app, Operation.CREATE, "create", options, encrypted=encrypted)


async def verify_snapshot(app: App, snapshot_id: str | None = None) -> Verification:
    """Read everything that a snapshot (the newest, if none is named) needs, and check all hashes.

    What was found is remembered with the snapshot (`verified_at`, `damaged`).

    Raises UserError: `snapshot_not_found`, `passphrase_*`, `backup_locked`.
    """
    result = await run_job(app, Operation.VERIFY, "verify", {"snapshot": snapshot_id})
    return Verification(**{**result, "problems": tuple(result["problems"])})


async def label_snapshot(app: App, snapshot_id: str, label: str) -> None:
    """Give a snapshot another label. Raises UserError("snapshot_not_found")."""
    repository = catalog.repository(app.paths, app.settings)
    await asyncio.to_thread(catalog.set_label, repository, snapshot_id, label.strip()[:MAX_LABEL])
    app.bus.publish(BackupsChanged())


async def delete_snapshot(app: App, snapshot_id: str) -> Pruned:
    """Delete one snapshot and what only it needs.

    Raises UserError: `snapshot_not_found`, `snapshot_is_last` (the last verified one stays),
    `backup_locked`.
    """
    return _pruned(await run_job(app, Operation.PRUNE, "delete", {"snapshot": snapshot_id}))


async def prune_backups(app: App) -> Pruned:
    """Apply retention now and free what no kept snapshot needs (also in the bucket).

    Raises UserError: `backup_locked`, `bucket_*`.
    """
    return _pruned(await run_job(app, Operation.PRUNE, "prune", {}))


async def run_drill(app: App) -> dict[str, Any]:
    """Restore the newest snapshot into a scratch folder; check database, counts, hashes, search.

    Returns `core.backup.DrillResult` as a JSON-able dict; it is remembered (`get_overview`).

    Raises UserError: what did not work (`backup_damaged`, `drill_failed`, `snapshot_not_found`,
    `passphrase_*`, `disk_full`, `backup_locked`); that too is remembered.
    """
    result = await run_job(app, Operation.DRILL, "drill", {})
    return dataclasses.asdict(DrillResult(**result))


async def set_passphrase(app: App, passphrase: str, *, remember: bool = True) -> None:
    """Encrypt backups from now on. An existing repository's passphrase is checked, not changed.

    `remember`: in the keyring, so that scheduled backups can run; otherwise until the program ends.

    Raises UserError: `passphrase_short`, `passphrase_wrong` (the repository has another one),
    `keyring_unavailable`, `keyring_locked`.
    """
    if len(passphrase) < MIN_PASSPHRASE:
        raise UserError("passphrase_short", minimum=MIN_PASSPHRASE)
    repository = catalog.repository(app.paths, app.settings)
    await asyncio.to_thread(catalog.check_passphrase, repository, passphrase)
    if remember:
        await asyncio.to_thread(app.secrets.set, PASSPHRASE, passphrase)
    else:
        app.secrets.set_for_this_session(PASSPHRASE, passphrase)
    await asyncio.to_thread(app.settings.set, config.BACKUP_ENCRYPT, value=True)
    app.bus.publish(BackupsChanged())


async def change_passphrase(app: App, old: str, new: str) -> None:
    """Put another passphrase before the repository's key; what is stored stays as it is.

    Raises UserError: `passphrase_short`, `passphrase_wrong`, `keyring_*`.
    """
    if len(new) < MIN_PASSPHRASE:
        raise UserError("passphrase_short", minimum=MIN_PASSPHRASE)
    repository = catalog.repository(app.paths, app.settings)
    await asyncio.to_thread(catalog.change_passphrase, repository, old, new)
    await set_passphrase(app, new)


async def stop_encrypting(app: App) -> None:
    """Make new snapshots without encryption; those that are there stay encrypted."""
    await asyncio.to_thread(app.settings.set, config.BACKUP_ENCRYPT, value=False)
    app.bus.publish(BackupsChanged())


async def set_bucket_secret(app: App, secret_key: str) -> None:
    """Keep the bucket's secret key in the keyring. Raises UserError: `keyring_*`."""
    await asyncio.to_thread(app.secrets.set, MINIO_SECRET, secret_key)


async def test_bucket(app: App) -> str:
    """Write, read and delete a small object in the bucket; return `endpoint/bucket`.

    Raises UserError: `bucket_incomplete` (a setting is missing), `bucket_unreachable`,
    `bucket_refused` (wrong key), `bucket_missing`.
    """
    result = await run_job(app, Operation.UPLOAD, "test_bucket", {}, bucket=True)
    return str(result["bucket"])


async def upload_snapshots(app: App) -> int:
    """Send what the bucket does not have yet; return how many files that were.

    Raises UserError: `bucket_*`, `backup_upload_failed`, `backup_locked`.
    """
    return int((await run_job(app, Operation.UPLOAD, "upload", {}, bucket=True))["files"])


async def fetch_snapshots(app: App) -> int:
    """Get the snapshots that are only in the bucket (a new machine); return how many.

    They may be other installations': such are `foreign`.

    Raises UserError: `bucket_*`, `backup_damaged`, `disk_full`, `backup_locked`.
    """
    return int((await run_job(app, Operation.DOWNLOAD, "fetch", {}, bucket=True))["snapshots"])


async def run_job(
    app: App,
    operation: Operation,
    name: str,
    options: dict[str, Any],
    *,
    bucket: bool = False,
    encrypted: bool = False,
) -> dict[str, Any]:
    """Do a job of `ops.backup` in a worker; say how it goes (used by `services.restore` too)."""
    job = await make_job(app, name, options, bucket=bucket)
    job = dataclasses.replace(job, encrypt=job.encrypt or encrypted)
    try:
        return await app.backups.run(
            operation, job, lambda progress: app.bus.publish(BackupProgressed(progress))
        )
    finally:
        app.bus.publish(BackupsChanged())


async def make_job(app: App, name: str, options: dict[str, Any], *, bucket: bool = False) -> Job:
    """Return a job with everything that a worker has to know."""
    wanted = app.settings.get(config.BACKUP_TARGET) == TargetKind.BUCKET
    job = local_job(
        app.paths,
        app.settings,
        name,
        options,
        passphrase=await _known_passphrase(app),
        folders=await _further_folders(app),
    )
    if not wanted and not bucket:
        return job
    return dataclasses.replace(job, bucket=await _bucket(app, needed=bucket or name in SENDING))


def local_job(
    paths: Paths,
    settings: config.Settings,
    name: str,
    options: dict[str, Any],
    *,
    passphrase: str | None,
    folders: tuple[str, ...] = (),
) -> Job:
    """Return a job that works on this machine only; also where the program cannot be opened."""
    return Job(
        name=name,
        home=str(paths.home),
        repository=str(catalog.repository(paths, settings)),
        work_dir=settings.get(config.WORK_DIR) or str(paths.work_dir),
        folders=folders,
        version=__version__,
        keep=Keep(
            settings.get(config.BACKUP_KEEP_DAILY),
            settings.get(config.BACKUP_KEEP_WEEKLY),
            settings.get(config.BACKUP_KEEP_MONTHLY),
        ),
        encrypt=settings.get(config.BACKUP_ENCRYPT),
        passphrase=passphrase,
        options=options,
    )


def known_passphrase(secrets: SecretStore) -> str | None:
    """Return the passphrase of the backups; None where there is none, or no keyring. Blocks."""
    try:
        return secrets.get(PASSPHRASE)
    except UserError:
        return None


def bucket_label(app: App) -> str:
    """Return `endpoint/bucket`, or nothing where none is set."""
    endpoint = app.settings.get(config.MINIO_ENDPOINT)
    name = app.settings.get(config.MINIO_BUCKET)
    return f"{endpoint}/{name}" if endpoint and name else ""


async def _bucket(app: App, *, needed: bool) -> Bucket | None:
    """Return the bucket; None where it is not set up and nothing has to be sent."""
    settings = app.settings
    values = [
        settings.get(setting)
        for setting in (config.MINIO_ENDPOINT, config.MINIO_BUCKET, config.MINIO_ACCESS_KEY)
    ]
    secret = settings.found_minio_secret() or await asyncio.to_thread(app.secrets.get, MINIO_SECRET)
    if not all(values) or not secret:
        if not needed:
            return None
        raise UserError("bucket_incomplete")
    endpoint, name, access_key = values
    return Bucket(
        endpoint,
        name,
        access_key,
        secret,
        settings.get(config.MINIO_SECURE),
        settings.get(config.MINIO_REGION),
    )


async def _known_passphrase(app: App) -> str | None:
    return await asyncio.to_thread(known_passphrase, app.secrets)


async def _further_folders(app: App) -> tuple[str, ...]:
    """Return the work directories of single sessions and scenarios, if they are to be backed up."""
    if not app.settings.get(config.BACKUP_WORK_DIRS):
        return ()
    return tuple(await app.store.read(folders.work_dirs))


def _pruned(result: dict[str, Any]) -> Pruned:
    return Pruned(tuple(result["snapshots"]), result["freed"])
