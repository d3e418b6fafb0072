"""Messages about jobs, logs, statistics, diagnostics and the HTTP server."""

from __future__ import annotations

from aigc_desktop.config.texts import MessageText

MESSAGES: dict[str, MessageText] = {
    "log_pattern_invalid": MessageText(
        "This is not a regular expression: {reason}.", "Correct it, or look for plain text."
    ),
    "log_pattern_slow": MessageText(
        "This regular expression takes too long.",
        "Make it simpler: nested repetitions such as (a+)+ are the usual cause.",
    ),
    "table_written": MessageText("The table is written.", "The file is {path}."),
    "log_written": MessageText(
        "The lines are written, without keys and secrets.", "The file is {path}."
    ),
    "not_written": MessageText(
        "The file could not be written: {reason}.", "Choose another place than {path}."
    ),
    "job_aborted": MessageText(
        "The job “{job}” was cut off: the program ended while it ran.",
        "It runs again at its next time, or now: Operations, Jobs, Run now.",
    ),
    "job_failed": MessageText("The job “{job}” failed. {reason}", "{remedy}"),
    "job_running": MessageText(
        "The job “{job}” is running already.", "Wait until it is done, or stop it."
    ),
    "job_runs_elsewhere": MessageText(
        "The job “{job}” is run by another process of this program.",
        "Stop it where it was started, for example in the terminal.",
    ),
    "job_unknown": MessageText("There is no job {name}.", "There are: {known}."),
    "schedule_invalid": MessageText(
        "This is not a schedule: {schedule}",
        "Choose every 5 minutes to 7 days, or a time of day.",
    ),
    "prices_invalid": MessageText(
        "prices.json can't be used. {problem}",
        'It must look like {{"model id": {{"input": 3, "output": 15}}}}, in US dollars per million '
        "tokens. The bundled prices are in use.",
    ),
    "no_mend": MessageText(
        "There is nothing to mend or to undo ({name}).", "Run the checks again."
    ),
    "backed_up": MessageText(
        "The backup is made and verified.", "Stored for it: {added}; the rest was there already."
    ),
    "snapshot_whole": MessageText(
        "The snapshot is whole.", "Read back and compared: {size} ({name})."
    ),
    "snapshot_broken": MessageText(
        "The snapshot is damaged ({name}).", "It is marked. Make a new backup, or use another one."
    ),
    "backup_exported": MessageText(
        "The backup is exported ({size}).", "The file is {path}; it was read back."
    ),
    "restored": MessageText(
        "Restored: {what}.",
        "It can be undone under Backup.",
    ),
    "restored_partly": MessageText(
        "Restored: {what}. Not possible: {problems}.",
        "It can be undone under Backup.",
    ),
    "bundle_written": MessageText(
        "The support bundle is {path}.", "It holds no keys and no messages; look through it first."
    ),
    "proxy_unsupported": MessageText(
        "The proxy {proxy} is of a kind that can't be used.", "Use an HTTP proxy."
    ),
    "vacuum_busy": MessageText(
        "The database file can't be made smaller while answers are being written.",
        "Try again when they are done.",
    ),
    "http_port_in_use": MessageText(
        "Port {port} is used by another program.",
        "Choose another port (free: {free}), or end that program. Nothing was sent to it.",
    ),
    "http_port_refused": MessageText(
        "The system does not allow port {port} ({reason}).", "Choose one above 1024."
    ),
    "http_host_refused": MessageText(
        "The server must not listen on {host}: only programs on this machine may reach it.",
        "Set HOST to 127.0.0.1, or remove it.",
    ),
    "ttl_invalid": MessageText(
        "A token can't hold for {ttl}.", "Choose from 1 minute to 90 days, like 30m, 1h or 7d."
    ),
    "token_unknown": MessageText("There is no token {id}.", "Look at the list of tokens."),
    "token_needs_keyring": MessageText(
        "A token made here would mean nothing to the server: there is no keyring for the key "
        "that signs it.",
        "Make the token in the window that runs the server, or with serve --print-token.",
    ),
    "too_many_tokens": MessageText(
        "There are {count} valid tokens already.", "Revoke those that are not needed."
    ),
}
