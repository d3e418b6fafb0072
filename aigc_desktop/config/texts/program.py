"""Messages about the program, the chat, files and scenarios."""

from __future__ import annotations

from aigc_desktop.config.texts import MessageText

MESSAGES: dict[str, MessageText] = {
    "scenario_not_found": MessageText(
        "There is no such scenario.", "Look at the list of scenarios."
    ),
    "scenario_invalid": MessageText(
        "The field {field} can't be used like this ({problem}).", "Change it, then save again."
    ),
    "scenario_dropped": MessageText(
        "{name} does worse since version {version}: {drop}% fewer good answers "
        "(95% interval {low} to {high}%).",
        "Look at its versions; going back to the one before takes one click.",
    ),
    "prompt_invalid": MessageText(
        "A prompt needs a name and a text.", "Fill in both, then save again."
    ),
    "no_snapshot": MessageText(
        "This answer did not get as far as a configuration.", "Regenerate it instead."
    ),
    "import_too_large": MessageText(
        "The file is larger than {limit} MB.", "Split it into several files."
    ),
    "import_unreadable": MessageText(
        "This is not a file of scenarios ({reason}).",
        "Choose a file that was exported from AIGC Desktop. Nothing was changed.",
    ),
    "import_newer": MessageText(
        "The file comes from a newer version of the program ({version}).",
        "Update AIGC Desktop, then import it again.",
    ),
    "collection_unreadable": MessageText(
        "No prompts were found in the file.",
        "It must be a CSV file with the columns name and prompt, or Markdown with headings.",
    ),
    "file_not_readable": MessageText(
        "The file {path} can't be read ({reason}).", "Check that it exists and may be read."
    ),
    "file_not_writable": MessageText(
        "The file {path} can't be written. {reason}", "Choose another place."
    ),
    "api_key_missing": MessageText(
        "There is no API key.",
        "Enter your Anthropic key in the settings, or use the demo model.",
    ),
    "api_key_invalid": MessageText(
        "The API key was not accepted.",
        "Check the key in the settings; it begins with sk-ant-.",
    ),
    "permission_denied": MessageText(
        "This key may not do that.", "Use a key with access to the model, or another model."
    ),
    "network_unreachable": MessageText(
        "The server cannot be reached ({host}).",
        "Check the network connection, the proxy and the server address.",
    ),
    "rate_limited": MessageText(
        "Too many requests for this key.", "Wait a little, then try again."
    ),
    "overloaded": MessageText("The model is overloaded.", "Try again in a few minutes."),
    "server_error": MessageText(
        "The server reported an error ({status}).", "Try again; if it stays, look at the log."
    ),
    "stream_broken": MessageText(
        "The connection broke off in the middle of the answer.",
        "What had arrived is kept. Try again to go on.",
    ),
    "stream_idle": MessageText(
        "The server stopped sending.", "What had arrived is kept. Try again to go on."
    ),
    "answer_too_large": MessageText(
        "The answer was larger than allowed.", "What had arrived is kept. Ask for less at once."
    ),
    "bad_response": MessageText(
        "The server did not answer as a model does ({content_type}).",
        "Check the server address: a proxy or a web page may be answering instead.",
    ),
    "context_overflow": MessageText(
        "The conversation is too long for the model.",
        "Start a new chat, or edit an earlier message to go on from there.",
    ),
    "request_too_large": MessageText(
        "The request is too large.", "Attach less at once, or start a new chat."
    ),
    "request_invalid": MessageText(
        "The server refused the request: {reason}", "Try another model, or look at the log."
    ),
    "model_not_found": MessageText(
        "The model {model} is not known to the server.", "Choose another model."
    ),
    "base_url_missing": MessageText(
        "There is no server address.", "Enter the address of the server in the settings."
    ),
    "base_url_invalid": MessageText(
        "This is no server address: {base_url}", "It begins with http:// or https://."
    ),
    "provider_not_chosen": MessageText(
        "No model is connected yet.",
        "Enter a key, choose a server, or use the demo model.",
    ),
    "disk_full": MessageText(
        "The disk is full.",
        "Nothing is lost: what is open is kept in memory. Free some space; saving goes on then.",
    ),
    "database_locked": MessageText(
        "Another program is using the database.",
        "What you do is kept and saved as soon as the database is free.",
    ),
    "database_corrupt": MessageText(
        "The database {path} is damaged or is no database.",
        "It was left untouched. The window offers to rescue what can be read;"
        " “aigc-desktop backup restore” puts the chats of a backup in its place.",
    ),
    "database_damage_found": MessageText(
        "Part of the database {path} is damaged.",
        "What can be read goes on working. Restart the program: it then offers to restore a backup"
        " or to rescue what can be read.",
    ),
    "undone": MessageText(
        "Undone. Entries put back: {count}.", "Your request is in the message field again."
    ),
    "undone_with_conflicts": MessageText(
        "Undone, except for what was changed since: {files}.", "Those are as you left them."
    ),
    "done_again": MessageText(
        "Done again. Entries changed: {count}.", "It can be undone below the answer."
    ),
    "done_again_with_conflicts": MessageText(
        "Done again, except for what was changed since: {files}.", "Those are as you left them."
    ),
    "url_refused": MessageText(
        "The address {url} is not fetched: {reason}.", "Only public web addresses are fetched."
    ),
    "host_not_allowed": MessageText(
        "{host} was not allowed.", "The page leads to a host that you have not allowed."
    ),
    "no_plan": MessageText(
        "This answer is no plan.", "Only answers that were made in plan mode can be carried out."
    ),
    "nothing_to_undo": MessageText(
        "This request changed no files.", "There is nothing to undo or to do again."
    ),
    "checkpoint_damaged": MessageText(
        "What the files were before cannot be read any more.",
        "Nothing was changed. The data folder's checkpoints are damaged; restore a backup.",
    ),
    "checkpoint_too_large": MessageText(
        "The work directory is too large to be made safe ({limit}).",
        "Choose a smaller folder as the work directory.",
    ),
    "data_dir_shared": MessageText(
        "Your data is in a folder that other machines share ({kind}).",
        "Use the program on one of them at a time, or set AIGC_HOME to a local folder.",
    ),
    "database_unreachable": MessageText(
        "The database {path} cannot be opened ({reason}).",
        "Nothing was changed. Is the drive still there? Then try again.",
    ),
    "nothing_to_rescue": MessageText(
        "Nothing could be read from {path}.",
        "It was left untouched. You can start with an empty database; the file is kept.",
    ),
    "database_newer": MessageText(
        "The database was made by a newer version of this program ({revision}).",
        "It was left untouched. Update the program.",
    ),
    "database_read_only": MessageText(
        "The database cannot be written to.",
        "You can read everything. Check the permissions of {path}.",
    ),
    "migration_failed": MessageText(
        "The database could not be brought up to date: {reason}",
        "The old state was kept. Look at the log, then start again.",
    ),
    "sqlite_too_old": MessageText(
        "SQLite {version} is too old; {needed} is needed.", "Install the program again."
    ),
    "data_dir_read_only": MessageText(
        "{path} cannot be written to. {reason}",
        "Check the permissions, or set AIGC_HOME to another folder.",
    ),
    "keyring_locked": MessageText(
        "The keyring is locked.", "Unlock it, or use the key for this session only."
    ),
    "keyring_unavailable": MessageText(
        "There is no safe keyring on this system ({backend}).",
        "Use the key for this session only, or allow a file that only you can read.",
    ),
    "keyring_changed": MessageText(
        "The key is no longer in the keyring.",
        "Enter it again in the settings. Your chats are all there.",
    ),
    "setting_invalid": MessageText("{value} does not fit the setting {key}.", "Allowed: {allowed}"),
    "settings_damaged": MessageText(
        "The settings file could not be read and was set aside as {path}.",
        "The defaults are used. Copy from the file what you still need.",
    ),
    "settings_unreadable": MessageText(
        "The settings file {path} cannot be read. {reason}", "Check its permissions."
    ),
    "settings_locked": MessageText(
        "Another program is writing the settings.", "Try again in a moment."
    ),
    "session_not_found": MessageText("This chat is gone.", "Choose another chat."),
    "turn_not_found": MessageText("This message is gone.", "Open the chat again."),
    "turn_running": MessageText("The agent is still working here.", "Stop it first."),
    "message_empty": MessageText("There is nothing to send.", "Write a message first."),
    "message_too_large": MessageText(
        "The message is too long ({count} characters).", "Attach it as a file instead."
    ),
    "approval_outdated": MessageText(
        "This question is no longer open.", "Look at the newest state of the chat."
    ),
    "work_dir_invalid": MessageText(
        "{path} cannot be the work directory: {reason}", "Choose a folder for this work alone."
    ),
    "path_refused": MessageText(
        "The path {path} was refused: {reason}", "Use a path inside the work directory."
    ),
    "edit_refused": MessageText(
        "The edit of {path} was not made: {reason}", "Read the file, then try again."
    ),
    "file_missing": MessageText("There is no file {path}.", "Check the name."),
    "file_too_large": MessageText("{path} is too large ({size}).", "Choose a smaller file."),
    "already_running": MessageText(
        "AIGC Desktop is running already.", "Its window has been brought to the front."
    ),
    "exported": MessageText("Scenarios written: {count}.", "The file is {path}."),
    "imported": MessageText("New prompts: {count}.", "They come from {path}."),
    "session_trashed": MessageText("“{title}” is in the trash.", "It can be restored from there."),
    "link_refused": MessageText(
        "This link was not opened: {target}",
        "Only web and mail addresses and files of the work directory are opened.",
    ),
    "cannot_open": MessageText(
        "Nothing could be started to open {path}.", "Open it from your file manager."
    ),
    "internal_error": MessageText(
        "Something went wrong inside the program.", "Copy the report and send it to us."
    ),
}
