"""Messages about the database's revisions: what each does, what can go wrong, the way back.

A revision's text has the code `revision:NAME`: its title, and what it does. A stage of the work
has `stage:NAME`.
"""

from __future__ import annotations

from aigc_desktop.config.texts import MessageText

MESSAGES: dict[str, MessageText] = {
    "revision:init_database": MessageText(
        "First tables",
        "Users, chats, messages, scenarios, prompts and skills, as the web version began.",
    ),
    "revision:add_scenario_meta_fields": MessageText(
        "Category and tags of scenarios", "Scenarios get a category, tags and keywords."
    ),
    "revision:add_scenario_is_default_field": MessageText(
        "Default scenario", "One scenario may answer whatever fits nowhere else."
    ),
    "revision:add_user_scenario_config_table": MessageText(
        "Own choice of scenarios",
        "Each user and each chat may choose its scenarios and add a prompt.",
    ),
    "revision:migrate_string_ids_to_integer": MessageText(
        "Numbers instead of names as keys",
        "Scenarios, prompts and skills are known by a number; what refers to them is rewritten.",
    ),
    "revision:add_phase3_evolution_tables": MessageText(
        "Learning", "Tables for feedback, learned preferences and usage."
    ),
    "revision:desktop_turn_tree": MessageText(
        "Conversations as a tree",
        "Requests with their answers become turns that can branch; usage and cost go with them.",
    ),
    "revision:turn_effects": MessageText(
        "Undo of file changes", "Each answer remembers what it did to the work directory."
    ),
    "revision:permission_rules": MessageText(
        "Permission rules", "What you have allowed or denied for good is kept."
    ),
    "revision:scenario_versions": MessageText(
        "Versions of scenarios",
        "Each published state of a scenario is kept, with the requests that were put right.",
    ),
    "revision:lessons": MessageText(
        "Lessons", "What was learned from feedback, with its history, evidence and proofs."
    ),
    "revision:operations": MessageText(
        "Jobs, access tokens, take-overs",
        "Scheduled work with its runs, tokens of the local server, and what came from elsewhere.",
    ),
    "revision:usage_aggregates": MessageText(
        "Sums for the statistics", "Use, cost and feedback are added up per day and chat."
    ),
    "revision:usage_by_model": MessageText(
        "Faster statistics", "The sums are stored in the order in which they are read."
    ),
    "stage:backup": MessageText(
        "Making a backup first: chats, files and settings", "Everything can be restored from it."
    ),
    "stage:snapshot": MessageText(
        "Keeping a copy of the database as it is", "One click returns to it."
    ),
    "stage:copy": MessageText(
        "Copying the database to work on the copy", "Until the end nothing is changed."
    ),
    "stage:verify": MessageText(
        "Checking that everything is there", "Until the end nothing is changed."
    ),
    "stage:swap": MessageText(
        "Putting the new database in its place", "One click returns to the copy from before."
    ),
    "database_in_use": MessageText(
        "Another program has the database open.",
        "Close every window of AIGC Desktop (an older version too), then try again. "
        "Nothing was changed.",
    ),
    "database_missing": MessageText(
        "The database {path} is gone, but there are copies of it.",
        "No new one was made. Go back to a copy, or start with an empty database.",
    ),
    "no_room": MessageText(
        "There is not enough room: {needed} are needed, {free} are free.",
        "Nothing was changed. Free some space on the disk of {path}, then try again.",
    ),
    "copy_unsound": MessageText(
        "The copy {path} is not whole.",
        "Nothing was changed. Is the disk in order? Then try again.",
    ),
    "revision_unknown": MessageText(
        "There is no revision {revision}.", "The revisions are: {known}."
    ),
    "revision_behind": MessageText(
        "The database has passed the revision {revision}; it is at {current}.",
        "Go back to the copy that was taken before the upgrade instead (--back).",
    ),
    "no_way_back": MessageText(
        "There is no copy of the database to go back to.",
        "Copies are taken before each upgrade and kept in {path}.",
    ),
}
