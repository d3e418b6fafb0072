"""The closed loop: does what is learned from feedback spare the person work?

    python -m benchmarks.learning_loop [--plot FILE.png]
    ANTHROPIC_API_KEY=… python -m benchmarks.learning_loop --model sonnet --requests 60

A person with hidden preferences (the strings of PRELUDE) asks, corrects each answer to what was
wanted, and accepts what the learner proposes; the work is the share of each answer that had to be
changed. The same requests are asked once more with learning switched off. Two thirds on, two pairs
of preferences are exchanged. Without a key the model is scripted and follows its prompt; with one
(or `--server URL`) a real model answers, learns, and plays the person. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aigc_desktop import bootstrap
from aigc_desktop.config import settings as config
from aigc_desktop.config.paths import Paths
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.learning import Fault, LessonState
from aigc_desktop.learning.signals import edit_distance
from aigc_desktop.services import asking, chat, feedback, learning, lessons, scenarios, sessions
from aigc_desktop.services.app import App
from aigc_desktop.services.connection import ANTHROPIC_KEY
from benchmarks.loop_world import ScriptedModel, World
from tests.scripted_server import ScriptedServer

REQUESTS = 210
LEARN_EVERY = 10
SEED = 20261125
FLIPS = (("news", "papers"), ("personal mail", "academic mail"))
SAME = 0.02
"""Share of an answer below which nobody bothers to correct it."""

REVISE = (
    "You play a person who got a draft. Revise it so that it suits the person's taste fully, and "
    "change nothing else. Answer with the revised text alone. The person's taste: "
)


@dataclass
class Options:
    """What is run."""

    requests: int = REQUESTS
    model: str | None = None
    server: str | None = None
    settings: dict[str, str] = field(default_factory=dict)


def plan(world: World, requests: int) -> list[str]:
    """Return the requests in their order; the same each time."""
    chance = random.Random(SEED)
    pool = [text for each in world.contexts for text in each["requests"]]
    return [chance.choice(pool) for _ in range(requests)]


async def run(home: Path, options: Options, *, learn: bool) -> dict[str, Any]:
    """Return the work of each request, and what was learned."""
    world = World.read()
    scripted = ScriptedModel(world)
    server = ScriptedServer()
    server.queue(scripted)
    paths = Paths(home)
    settings, bus, stop_logging = bootstrap.prepare(paths)
    async with server.running(), bootstrap.open_app(paths, settings, bus) as app:
        _connect(app, options, server.url)
        settings.set(config.LEARNING, "on" if learn else "off")
        general = (await scenarios.list_scenarios(app))[0].id
        work = []
        for number, request in enumerate(plan(world, options.requests)):
            if number == options.requests * 2 // 3:
                for pair in FLIPS:
                    world.flip(*pair)
            work.append(await _one(app, world, options, request, general, learn=learn))
            if learn and (number + 1) % LEARN_EVERY == 0:
                await _learn(app)
        active = [e for e in await lessons.list_lessons(app) if e.state is LessonState.ACTIVE]
    stop_logging()
    return {"work": work, "lessons": len(active), "learner_calls": scripted.learner_calls}


def _connect(app: App, options: Options, scripted: str) -> None:
    real = options.model is not None and options.server is None
    app.settings.set(config.PROVIDER, "anthropic" if real else "server")
    if real:
        app.secrets.set_for_this_session(ANTHROPIC_KEY, os.environ["ANTHROPIC_API_KEY"])
    else:
        app.settings.set(config.BASE_URL, options.server or scripted)
    app.settings.set(config.MODEL, options.model or "claude-test")


async def _one(
    app: App, world: World, options: Options, request: str, scenario: int, *, learn: bool
) -> float:
    """Ask, and correct the answer; return the share of it that had to be changed."""
    session = await sessions.create_session(app)
    turn_id = await chat.send_message(app, session.id, request, scenario_id=scenario)
    await app.runner.wait(session.id)
    answer = await feedback.answer_text(app, turn_id)
    wanted = await _wanted(app, world, options, request, answer)
    changed = edit_distance(answer, wanted)
    if learn and changed > SAME:
        try:
            await feedback.correct_answer(app, turn_id, wanted)
        except UserError:
            return changed
        note = world.note(request, answer)
        if note:
            await feedback.say_what_failed(app, turn_id, Fault.TONE, note)
    return changed


async def _wanted(app: App, world: World, options: Options, request: str, answer: str) -> str:
    if options.model is None:
        return world.ideal(request)
    taste = ", ".join(world.wanted[world.context_of(request)["context"]])
    said = await asking.ask_model(app, REVISE + taste, answer, model=options.model, max_tokens=2000)
    return said.text


async def _learn(app: App) -> None:
    """Learn, and accept everything that is proposed, as a trusting person would."""
    await learning.learn_all(app)
    for lesson in await lessons.list_lessons(app):
        if lesson.state is LessonState.PROPOSED:
            await lessons.accept_lesson(app, lesson.id)


def summary(options: Options, with_it: dict[str, Any], without: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of both runs."""
    mine, others = with_it["work"], without["work"]
    flip = options.requests * 2 // 3
    third = max(1, options.requests // 6)

    def mean(values: list[float]) -> float:
        return round(sum(values) / max(1, len(values)), 3)

    return {
        "benchmark": "learning_loop",
        "model": options.model or "scripted",
        "requests": options.requests,
        "cumulative_edit_distance": round(sum(mine), 1),
        "without_learning": round(sum(others), 1),
        "ratio": round(sum(mine) / sum(others), 2),
        "mean_first": mean(mine[:third]),
        "mean_before_flip": mean(mine[flip - third : flip]),
        "mean_after_flip": mean(mine[flip : flip + third]),
        "mean_last": mean(mine[-third:]),
        "mean_without": mean(others),
        "lessons": with_it["lessons"],
        "learner_calls": with_it["learner_calls"],
    }


async def main(options: Options, plot: Path | None) -> None:
    results = []
    for learn in (True, False):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
            results.append(await run(Path(home), options, learn=learn))
    print(json.dumps(summary(options, *results)))
    if plot is not None:
        from benchmarks.loop_plot import save

        save(plot, results[0]["work"], results[1]["work"], options.requests * 2 // 3)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--model")
    parser.add_argument("--server")
    given = parser.parse_args()
    asyncio.run(main(Options(given.requests, given.model, given.server), given.plot))
