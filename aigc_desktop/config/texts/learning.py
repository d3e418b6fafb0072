"""Messages about feedback and learning."""

from __future__ import annotations

from aigc_desktop.config.texts import MessageText

MESSAGES: dict[str, MessageText] = {
    "lesson_not_found": MessageText(
        "There is no such lesson any more.", "Look at the list of lessons."
    ),
    "lesson_refused": MessageText(
        "This can't be a lesson ({problem}).",
        "A lesson says in one or two sentences how answers should be: no addresses, paths, "
        "commands, names of tools or hidden characters.",
    ),
    **{
        f"lesson_refused:{problem}": MessageText(words, "Put it in other words, then save.")
        for problem, words in (
            ("empty", "nothing is written"),
            ("too_long", "longer than {limit} characters"),
            ("hidden", "hidden characters"),
            ("lines", "more than one line"),
            ("address", "an address"),
            ("path", "a path"),
            ("tool", "the name of a tool"),
            ("command", "a command"),
            ("override", "it speaks of the model's own instructions"),
            ("markup", "markup"),
        )
    },
    "proof_required": MessageText(
        "This lesson has not passed its test yet.",
        "Test it first, or change that in the settings.",
    ),
    "trial_needs_requests": MessageText(
        "There are no past requests to test this lesson with.",
        "Use it for a while, then test it.",
    ),
    "correction_unchanged": MessageText(
        "The text is the same as the answer.", "Change what was wrong, then save."
    ),
    "correction_too_long": MessageText(
        "The corrected answer is longer than {limit} characters.", "Shorten it, then save."
    ),
    "lessons_learned": MessageText(
        "Learned from your feedback: {proposed} proposed, {applied} applied.",
        "You can look at each and take it back.",
    ),
    "lesson_rejected": MessageText("Rejected.", "It comes back only if much more speaks for it."),
    "lesson_deleted": MessageText(
        "The lesson is deleted.", "Returning to an earlier day brings it back too."
    ),
    "lessons_returned": MessageText(
        "What was learned is as it was: {day}. Lessons changed: {count}.",
        "All chats follow with their next request.",
    ),
    "correction_withdrawn": MessageText(
        "Your correction is withdrawn.", "The answer counts as it was given."
    ),
}
