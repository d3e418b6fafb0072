"""The world of the closed loop: people with hidden preferences, and a model that follows prompts.

The preferences are the strings of PRELUDE; a draft shows each of them in its own way. The scripted
model knows nothing but its prompt: it writes in the manner of those lessons in it that are for the
kind of request it is asked. As a learner it sees what the program sends it, and reads preferences
out of the words that the person typed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import scripted_server as script
from tests.scripted_server import Exchange

DATA = Path(__file__).parents[1] / "tests/data/preferences/requests.jsonl"

SHORTER = ("brief", "short sentences", "no closing")
"""Preferences that show in what is missing; a person says them in a note."""

MANNERS: Mapping[str, str] = {
    "style targeted to young children": "Imagine a little fox who finds this out!",
    "storytelling": "Once upon a time it all began quietly.",
    "playful language": "Hop, skip and jump to what comes next!",
    "interactive": "Can you guess what happened then?",
    "positive": "And the good news is that it ended well.",
    "second person narrative": "You stand there and see it happen.",
    "show emotions": "It hurts, and it warms the heart.",
    "invoke personal reflection": "Ask yourself what you would have done.",
    "immersive": "The rain drums, the air smells of iron.",
    "parallel structure": "It came slowly, it grew slowly, it left slowly.",
    "tweet style": "Thread of one: this is big. #science",
    "simple English": "In plain words: it works.",
    "inquisitive": "Why should that be so?",
    "skillful foreshadowing": "What this means will show only at the end.",
    "with emojis": "🌟🚀🎉",
    "question answering style": "Q: Is it worth it? A: Yes, for the most part.",
    "structured": "First the matter, second the request, third the date.",
    "straight to the points": "To the point: I need your answer.",
    "respectful": "With great respect for your work,",
    "professional greeting and closing": "Dear Professor, … Yours sincerely,",
    "informal": "Hey, just a quick line.",
    "conversational": "So, how have you been, by the way?",
    "casual tone": "No big deal, take your time.",
    "clear": "In one sentence: please decide.",
    "call to action": "Please reply by Friday.",
    "engaging": "You will want to read this twice.",
    "personalized": "I thought of your talk in Lyon at once.",
    "professional tone": "I write to you in your function as editor.",
    "thankful closing": "With many thanks for your time,",
}


@dataclass
class World:
    """Contexts with what is wanted in each, now; `flip` changes that."""

    contexts: list[dict[str, Any]] = field(default_factory=list)
    wanted: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def read(cls) -> World:
        """Return PRELUDE's nine contexts with their preferences."""
        lines = DATA.read_text(encoding="utf-8").splitlines()
        found = [json.loads(line) for line in lines]
        contexts = [each for each in found if each["origin"] == "prelude"]
        return cls(contexts, {each["context"]: list(each["atoms"]) for each in contexts})

    def flip(self, one: str, other: str) -> None:
        """Two kinds of request exchange what is wanted in them."""
        self.wanted[one], self.wanted[other] = self.wanted[other], self.wanted[one]

    def context_of(self, request: str) -> dict[str, Any]:
        """Return what kind of request it is."""
        return next(each for each in self.contexts if request in each["requests"])

    def ideal(self, request: str) -> str:
        """Return the answer that the person would not change."""
        return draft(request, self.wanted[self.context_of(request)["context"]])

    def note(self, request: str, answer: str) -> str:
        """Return what the person writes about what a correction does not show."""
        wanted = self.wanted[self.context_of(request)["context"]]
        plain = draft(request, [])
        missing = [each for each in SHORTER if each in wanted and not _shows(each, answer, plain)]
        extra = [a for a, words in MANNERS.items() if a not in wanted and words in answer]
        return "; ".join([*missing, *(f"no {each}" for each in extra)])


def draft(request: str, manners: Sequence[str]) -> str:
    """Return an answer to a request in a manner."""
    topic = " ".join(request.split()[-4:])
    sentences = [
        f"This is about {topic}, as you asked, in the usual order.",
        "It began some time ago, and several people had a part in it, each in a way of their own.",
        "Then came a turn that few had seen coming, though the signs were there, for who looked.",
        "What follows from it is still being discussed, by experts, by the public, and by others.",
    ]
    if "brief" in manners:
        sentences = sentences[:2]
    if "short sentences" in manners:
        sentences = [
            f"{part.strip(' .').capitalize()}." for s in sentences for part in s.split(",")
        ]
    sentences += [words for manner, words in MANNERS.items() if manner in manners]
    if "no closing" not in manners:
        sentences.append("Let me know if there is anything else that I can do for you.")
    mark = "- " if "bullet points" in manners else ""
    return "\n".join(f"{mark}{sentence}" for sentence in sentences)


def _shows(manner: str, answer: str, plain: str) -> bool:
    match manner:
        case "no closing":
            return "anything else" not in answer
        case "brief":
            return "still being discussed" not in answer
        case _:
            return plain.splitlines()[1] not in answer.replace("- ", "")


class ScriptedModel:
    """Answers by its prompt, and reads feedback by the words that were typed."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.learner_calls = 0

    async def __call__(self, exchange: Exchange) -> None:
        body = exchange.body
        tools = [tool["name"] for tool in body.get("tools", ())]
        text = body["messages"][-1]["content"][-1]["text"]
        if tools == ["report_preferences"]:
            self.learner_calls += 1
            found = self._read(json.loads(text)["feedback"]["entries"])
            await script.call(("toolu_1", "report_preferences", {"preferences": found}))(exchange)
        else:
            await script.say(draft(text, self._followed(body["system"], text)))(exchange)

    def _followed(self, prompt: str, request: str) -> list[str]:
        """Return the manners that the prompt asks for in requests of this kind."""
        when = self._world.context_of(request)["whens"][0]
        lines = re.findall(rf"^- {re.escape(when)}: Write like this: (.+)\.$", prompt, re.MULTILINE)
        return [line for line in lines if line in (*MANNERS, *SHORTER, "bullet points")]

    def _read(self, entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        evidence: dict[tuple[str, str, bool], list[int]] = {}
        for entry in entries:
            typed = str(entry.get("user_wrote", ""))
            when = self._world.context_of(str(entry["request"]))["whens"][0]
            for manner, is_wanted in self._traces(typed, entry.get("changed", {})):
                evidence.setdefault((when, manner, is_wanted), []).append(entry["id"])
        return [
            {
                "kind": "style",
                "topic": re.sub(r"[^a-z ]", "", manner.lower())[:40],
                "value": "wanted" if is_wanted else "unwanted",
                "text": ("Write like this: " if is_wanted else "Avoid this: ") + manner + ".",
                "when": when,
                "scope": "global",
                "evidence": ids,
            }
            for (when, manner, is_wanted), ids in evidence.items()
        ][:20]

    @staticmethod
    def _traces(typed: str, changed: Mapping[str, float]) -> list[tuple[str, bool]]:
        words = " ".join(typed.split())
        pieces = [piece.strip() for piece in re.split(r"[;…]", words)]
        found = [(m, True) for m, shown in MANNERS.items() if shown.split(" … ")[0] in words]
        found += [(each, True) for each in SHORTER if each in pieces]
        found += [
            (piece[3:], False)
            for piece in pieces
            if piece.startswith("no ") and (piece[3:] in MANNERS or piece[3:] in SHORTER)
        ]
        if changed.get("bullets_after", 0) > changed.get("bullets_before", 0):
            found.append(("bullet points", True))
        return found
