"""Messages about backup, restore, migrations and taking over."""

from __future__ import annotations

from aigc_desktop.config.texts import MessageText

MESSAGES: dict[str, MessageText] = {
    "backup_failed": MessageText(
        "The backup did not work ({reason}).",
        "Nothing was changed. Try again; if it stays, look at the log.",
    ),
    "safety_backup_failed": MessageText(
        "No backup was made before the upgrade. {reason}", "{remedy}"
    ),
    "backup_locked": MessageText(
        "Another process works in the backups at {path}.",
        "Wait until it is done, then try again.",
    ),
    "backup_damaged": MessageText(
        "The backups are damaged ({what}).",
        "Nothing was changed. Verify the other snapshots and use one that is whole.",
    ),
    "backup_newer": MessageText(
        "This backup comes from a newer version of the program ({version}).",
        "Update AIGC Desktop, then try again. Nothing was changed.",
    ),
    "backup_upload_failed": MessageText(
        "The backup is on this machine, but could not be sent to {bucket} ({reason}).",
        "The snapshot here is whole. It is sent with the next backup, or with Send now.",
    ),
    "no_repository": MessageText("There are no backups at {path} yet.", "Make one first."),
    "snapshot_not_found": MessageText("There is no such snapshot.", "Look at the list of backups."),
    "not_in_snapshot": MessageText(
        "The snapshot does not have: {what}.",
        "Nothing was changed. The preview names what it has.",
    ),
    "snapshot_is_last": MessageText(
        "This is the last snapshot that is known to be whole.",
        "Make another one first; then this one can be deleted.",
    ),
    "passphrase_missing": MessageText(
        "The backups are encrypted, and the passphrase is not known here.",
        "Enter it under Backup.",
    ),
    "passphrase_wrong": MessageText(
        "The passphrase is not right.", "Nothing was changed. Enter it again."
    ),
    "passphrase_short": MessageText(
        "The passphrase is too short.", "Take at least {minimum} characters."
    ),
    "import_passphrase_needed": MessageText(
        "The file is encrypted.", "Enter its passphrase, then try again."
    ),
    "archive_refused": MessageText(
        "This file is not taken: {reason}.",
        "Nothing was written. Choose a file that AIGC Desktop exported.",
    ),
    "folder_unwritable": MessageText(
        "Nothing can be written to {path} ({reason}).", "Choose another folder."
    ),
    "drill_failed": MessageText(
        "The restore drill did not succeed ({reason}).",
        "Make a new backup and verify it; the snapshot that failed is marked.",
    ),
    "no_restore_to_undo": MessageText("There is no restore that can be undone.", "Nothing to do."),
    "restore_waits": MessageText(
        "A restore waits for the other windows and commands that use the database.",
        "Close them; it is put in at the next start. “aigc-desktop backup forget” gives it up.",
    ),
    "restore_failed": MessageText(
        "The restore did not work ({reason}).", "Everything is as it was before."
    ),
    "restore_done": MessageText(
        "Everything is as it was in the snapshot.", "It can be undone under Backup."
    ),
    "restore_left_files": MessageText(
        "Restored, but for some files; the first is {path}.",
        "Something else is in their place. Move that away, then restore them by themselves.",
    ),
    "fetch_needs_empty": MessageText(
        "There are other snapshots at {path} already.",
        "Choose an empty backup folder, then get the snapshots from the bucket again.",
    ),
    "bucket_incomplete": MessageText(
        "The bucket is not set up completely.",
        "Give server, bucket, access key and secret key under Backup.",
    ),
    "bucket_unreachable": MessageText(
        "The server {bucket} cannot be reached ({reason}).",
        "Check the address and the network, then try again.",
    ),
    "bucket_refused": MessageText(
        "The server {bucket} does not accept the access key.",
        "Check access key and secret key under Backup.",
    ),
    "bucket_missing": MessageText(
        "There is no bucket {bucket}.", "Make it on the server, or choose another one."
    ),
}
