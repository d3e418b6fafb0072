"""Messages about taking over from the web version.

`takeover:…` says what did not come over, or not as it was; `arrived:…` names what did;
`takeover-step:…` says what is being done.
"""

from __future__ import annotations

from aigc_desktop.config.texts import MessageText

MESSAGES: dict[str, MessageText] = {
    "takeover_unreadable": MessageText(
        "The file {path} can't be read ({reason}).", "Check that it exists and may be read."
    ),
    "takeover_not_web": MessageText(
        "{path} is not a database of the web version.",
        "Choose its sessions.db, from its data folder. Nothing was changed.",
    ),
    "takeover_ours": MessageText(
        "{path} is a database of AIGC Desktop, not of the web version.",
        "To go back to it, restore it as a backup. Nothing was changed.",
    ),
    "takeover_damaged": MessageText(
        "The database {path} is damaged.",
        "Nothing was changed. Take a backup of the web version that is whole.",
    ),
    "takeover_busy": MessageText(
        "The web version is still writing into {path}.",
        "Stop it, then try again. Nothing was changed.",
    ),
    "takeover_running": MessageText("A take-over is running already.", "Wait until it has ended."),
    "takeover_no_user": MessageText(
        "The web version has no user called {name}.", "Its users are: {known}."
    ),
    "takeover_overlap": MessageText(
        "{path} and your work directory are in one another.",
        "Copy the web version's work_dir to another place first.",
    ),
    "takeover-step:read": MessageText(
        "Copying and checking the old database", "It is not changed."
    ),
    "takeover-step:stage": MessageText("Reading {detail}", "The old database is not changed."),
    "takeover-step:migrate": MessageText("Bringing up to date: {detail}", "On a copy."),
    "takeover-step:snapshot": MessageText(
        "Keeping a copy of your database as it is", "One click returns to it."
    ),
    "takeover-step:merge": MessageText("Adding to your database: {detail}", "All, or nothing."),
    "takeover-step:files": MessageText("Copying files: {detail}", "Nothing is overwritten."),
    "arrived:sessions": MessageText("Chats", "With all their messages."),
    "arrived:requests": MessageText("Requests with their answers", "With usage and cost."),
    "arrived:messages": MessageText("Messages", "Texts, tool calls and results."),
    "arrived:scenarios": MessageText("Scenarios", "They show among your scenarios."),
    "arrived:prompts": MessageText("Prompts", "They are in the prompt library."),
    "arrived:skills": MessageText("Skills", "Kept, not active yet."),
    "arrived:users": MessageText("Other users", "Without passwords; they cannot sign in."),
    "arrived:feedback": MessageText("Feedback", "What was liked, disliked, corrected."),
    "arrived:preferences": MessageText("Preferences", "Learned and chosen ones."),
    "arrived:files": MessageText("Entries about files", "The files themselves come from work_dir."),
    "takeover:passwords": MessageText(
        "Passwords: {count}", "Passwords are never taken over, not even hashed ones."
    ),
    "takeover:server": MessageText(
        "Settings of the server: {count}",
        "They may hold keys and belong to the server. Set yours in the settings here.",
    ),
    "takeover:settings": MessageText(
        "The user's own settings: {settings}", "Not applied; change them in the settings if needed."
    ),
    "takeover:mcp": MessageText(
        "MCP servers: {count}",
        "They came disabled and without the values of their environment; nothing starts them.",
    ),
    "takeover:modes": MessageText(
        "Permission modes that ask for nothing: {count}", "Here the agent asks. You decide anew."
    ),
    "takeover:work_dirs": MessageText(
        "Folders of the server named by scenarios: {count}", "Your own work directory is used."
    ),
    "takeover:skills": MessageText(
        "Skills: {count}", "They are kept in the database and are not active yet."
    ),
    "takeover:private": MessageText(
        "Private scenarios of other users: {count}", "They came over and stay private to them."
    ),
    "takeover:tables": MessageText(
        "Tables that this program does not know: {tables}", "They stay in the old file."
    ),
    "takeover:rows": MessageText(
        "Rows of {table} that say nothing or are there twice: {count} of {total}",
        "They have no id, no name, or another row's id.",
    ),
    "takeover:orphans": MessageText(
        "Messages of chats that are gone: {count}", "Their chat was deleted in the web version."
    ),
    "takeover:roles": MessageText(
        "Messages that are neither the user's nor the assistant's: {count}",
        "Notes of the server to itself.",
    ),
    "takeover:links": MessageText(
        "Links between messages that lead nowhere or in a circle: {count}",
        "These messages came over, in the order of time.",
    ),
    "takeover:json": MessageText(
        "Values that are no readable JSON: {count}", "The rows came over without them."
    ),
    "takeover:nul": MessageText(
        "Texts with a NUL character: {count}", "It was replaced by a visible mark."
    ),
    "takeover:encoding": MessageText(
        "Texts that are no valid UTF-8: {count}", "What could not be read was replaced by a mark."
    ),
    "takeover:cut": MessageText(
        "Texts longer than 16 million characters: {count}", "What is beyond was cut off."
    ),
    "takeover:changed": MessageText(
        "The old database was changed by another program meanwhile.",
        "What came over is its state when it was read.",
    ),
}
