"""The words for settings and their choices."""

from __future__ import annotations

from aigc_desktop.config.i18n import tr


def setting_label(key: str) -> str:
    """Return a setting's name in the user's language."""
    return {
        "language": tr("Language"),
        "theme": tr("Theme"),
        "send_key": tr("Send with"),
        "base_url": tr("Server address"),
        "model": tr("Model"),
        "permission_mode": tr("When the agent wants to write or run something"),
        "work_dir": tr("Work directory"),
        "command_timeout": tr("Time limit of a command"),
        "web_search": tr("Web search by Anthropic"),
        "when_unsure": tr("When it is unclear which scenario fits"),
        "match_questions": tr("Questions to a small model per day"),
        "learning": tr("Learning from feedback"),
        "lessons_apply": tr("Lessons about style, length and language"),
        "lesson_proof": tr("A lesson must pass its test before it is accepted"),
        "trial_budget_usd": tr("Cost of one test of a lesson, at most"),
        "max_turns": tr("Model calls per request"),
        "max_tokens": tr("Output tokens per model call"),
        "token_limit": tr("Tokens per request"),
        "cost_limit_usd": tr("Cost per request"),
        "log_level": tr("Log level"),
        "retention": tr("Tidy old chats away automatically"),
        "retention_days": tr("Days without activity, then to the trash"),
        "trash_days": tr("Days in the trash, then deleted for good"),
        "backup_enabled": tr("Back up by itself"),
        "backup_interval_hours": tr("Hours between two backups"),
        "backup_hour": tr("Hour of the day for daily backups"),
        "backup_folder": tr("Backup folder"),
        "backup_work_dirs": tr("Also back up work directories of single chats and scenarios"),
        "backup_target": tr("Where backups go"),
        "backup_keep_daily": tr("Daily backups that are kept"),
        "backup_keep_weekly": tr("Weekly backups that are kept"),
        "backup_keep_monthly": tr("Monthly backups that are kept"),
        "minio_endpoint": tr("S3 or MinIO server (host:port)"),
        "minio_bucket": tr("Bucket"),
        "minio_access_key": tr("Access key"),
        "minio_secure": tr("Encrypted connection (TLS)"),
        "minio_region": tr("Region"),
    }[key]


def setting_help(key: str) -> str:
    """Return what a setting does, or nothing where its name says it all."""
    return {
        "send_key": tr("The other combination starts a new line."),
        "model": tr("For new requests of all chats that have no model of their own."),
        "permission_mode": tr("Reading in the work directory is always allowed."),
        "web_search": tr("Where the model offers it. What it searches for goes to Anthropic."),
        "when_unsure": tr("The scenario is chosen on this machine; this is for doubtful cases."),
        "match_questions": tr("Only used where a small model is asked. 0: never."),
        "work_dir": tr("Where the agent may read and write. A chat can have its own."),
        "command_timeout": tr("In seconds. A command that takes longer is ended."),
        "learning": tr("Only what you type is learned from; never files, pages or tool results."),
        "lessons_apply": tr("All others always wait in the inbox for your answer."),
        "lesson_proof": tr("A test answers past requests with and without the lesson."),
        "trial_budget_usd": tr("In US dollars. A test stops at this amount."),
        "max_turns": tr("The agent stops after so many steps."),
        "max_tokens": tr("The length of one answer at most."),
        "token_limit": tr("The agent stops when a request has used so many. 0: no limit."),
        "cost_limit_usd": tr("In US dollars. The agent stops at this amount. 0: no limit."),
        "log_level": tr("How much is written to the log."),
        "retention": tr(
            "Also empties the trash: what has been in it long enough is deleted for good."
        ),
        "backup_folder": tr("On another disk, a backup outlives this one."),
        "backup_interval_hours": tr("24: once a day, at the hour below."),
        "backup_keep_daily": tr("The last one that was verified always stays."),
    }.get(key, "")


def choice_label(key: str, choice: str) -> str:
    """Return a choice in the user's language; languages are named in themselves."""
    return {
        ("language", "auto"): tr("As the system"),
        ("language", "zh_CN"): "简体中文",
        ("language", "en"): "English",
        ("theme", "system"): tr("As the system"),
        ("theme", "light"): tr("Light"),
        ("theme", "dark"): tr("Dark"),
        ("send_key", "enter"): tr("Enter"),
        ("send_key", "ctrl_enter"): tr("Ctrl+Enter"),
        ("permission_mode", "plan"): tr("Only plan: change nothing"),
        ("permission_mode", "ask"): tr("Ask every time"),
        ("when_unsure", "ask"): tr("Ask me"),
        ("when_unsure", "best"): tr("Take the likeliest"),
        ("when_unsure", "model"): tr("Ask a small model"),
        ("backup_target", "folder"): tr("A folder"),
        ("backup_target", "bucket"): tr("A folder and an S3 bucket"),
        ("learning", "on"): tr("On"),
        ("learning", "off"): tr("Off"),
        ("lessons_apply", "ask"): tr("Propose them in the inbox"),
        ("lessons_apply", "trusted"): tr("Apply them by themselves"),
        ("lesson_proof", "off"): tr("Off"),
        ("lesson_proof", "on"): tr("On"),
        ("retention", "off"): tr("Off"),
        ("retention", "on"): tr("On"),
        ("web_search", "off"): tr("Off"),
        ("web_search", "on"): tr("On"),
        ("permission_mode", "accept_edits"): tr("Write without asking, ask before running"),
        ("permission_mode", "auto"): tr("Never ask"),
    }.get((key, choice)) or {"True": tr("On"), "False": tr("Off")}.get(choice, choice)


def origin_text(origin: str, variable: str) -> str:
    """Return where a value comes from that cannot be changed here."""
    if origin == "env":
        return tr("Set in a .env file ({name}); change it there.", name=variable)
    return tr("Set by the environment variable {name}; change it there.", name=variable)
