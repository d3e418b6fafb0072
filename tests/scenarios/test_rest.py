"""Precedence, prompt, templates and versions."""

from __future__ import annotations

import pytest

from aigc_desktop.core.errors import UserError
from aigc_desktop.core.scenario import Available, Bundle, Scenario
from aigc_desktop.scenarios import precedence, templates, versions
from aigc_desktop.scenarios.composer import LIMITS, PartKind, compose, estimate_tokens

ALL = tuple(Scenario(n, 1, Bundle(str(n))) for n in (1, 2, 3))


@pytest.mark.parametrize(
    ("user", "session", "expected", "origin"),
    [
        ((), (), (1, 2, 3), "all"),
        ((1, 2), (), (1, 2), "user"),
        ((1, 2), (3,), (3,), "session"),
        ((1, 2), (99,), (1, 2), "user"),
        ((98,), (99,), (1, 2, 3), "all"),
    ],
)
def test_whose_list_counts(
    user: tuple[int, ...], session: tuple[int, ...], expected: tuple[int, ...], origin: str
) -> None:
    found, where = precedence.candidates(ALL, Available(user), Available(session))
    assert (tuple(s.id for s in found), where) == (expected, origin)


def test_each_value_has_its_own_origin() -> None:
    values, origins = precedence.merge(
        {
            "global": {"model": "g", "mode": "g", "turns": 1, "dir": "g"},
            "scenario": {"model": "sc", "mode": "sc", "turns": 2},
            "user": {"model": "u", "mode": "u", "turns": None},
            "session": {"model": "se"},
            "request": {"model": None, "mode": "r"},
        }
    )
    assert values == {"model": "se", "mode": "r", "turns": 2, "dir": "g"}
    assert origins == {"model": "session", "mode": "request", "turns": "scenario", "dir": "global"}


@pytest.mark.parametrize(
    ("mode", "than", "expected"),
    [
        ("plan", "ask", "plan"),
        ("ask", "auto", "ask"),
        ("auto", "ask", None),
        ("accept_edits", "ask", None),
        ("bypass", "ask", None),
        (None, "ask", None),
    ],
)
def test_a_scenario_never_widens_what_is_allowed(
    mode: str | None, than: str, expected: str | None
) -> None:
    assert precedence.stricter(mode, than) == expected


def test_the_prompt_is_joined_in_order_within_limits() -> None:
    texts = {kind: f"<{kind.value}>" for kind in reversed(PartKind)}
    prompt = compose({**texts, PartKind.USER: "", PartKind.SESSION: "x" * 100_000})
    kinds = [part.kind for part in prompt.parts]
    assert kinds == [kind for kind in PartKind if kind is not PartKind.USER]
    assert prompt.text.startswith("<global>")
    session = next(part for part in prompt.parts if part.kind is PartKind.SESSION)
    assert session.cut
    assert len(session.text) < LIMITS[PartKind.SESSION] + 100
    assert prompt.tokens == sum(part.tokens for part in prompt.parts) > 0
    assert estimate_tokens("翻译") == 2


def test_templates() -> None:
    text = "Dear {{name}}, {{ topic of it }} – {{name}} {x} {{}} {{a|b}}"
    assert templates.variables(text) == ("name", "topic of it")
    filled = templates.fill(text, {"name": "{{topic of it}}"})
    assert filled == "Dear {{topic of it}}, {{ topic of it }} – {{topic of it}} {x} {{}} {{a|b}}"


@pytest.mark.parametrize(
    "text",
    [
        'act,prompt\nPoet,"Write, please"\n,empty\nChef,Cook\n',
        '\ufeffact,prompt\nPoet,"Write, please"\nChef,Cook',
        "# Poet\n\n> Write, please\n\n## Chef\n```\nCook\n```\n## Nothing\n",
        '名称,提示词\nPoet,"Write, please"\nChef,Cook\n',
    ],
)
def test_collections_of_prompts(text: str) -> None:
    found = templates.read_collection(text)
    pairs = [("Poet", "Write, please"), ("Chef", "Cook")]
    assert [(p.name, p.content) for p in found] == pairs


@pytest.mark.parametrize("text", ["", "just text", "a,b\n1,2\n", "\x00\x01"])
def test_what_is_no_collection_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="collection_unreadable"):
        templates.read_collection(text)


def test_a_drop_is_told_from_chance() -> None:
    assert versions.compare(1, 4, 0, 4) is None
    chance = versions.compare(18, 20, 16, 20)
    assert chance is not None
    assert not chance.is_drop
    drop = versions.compare(95, 100, 60, 100)
    assert drop is not None
    assert drop.is_drop
    assert drop.low < drop.difference < drop.high < 0
    better = versions.compare(60, 100, 95, 100)
    assert better is not None
    assert not better.is_drop


def test_newcombes_interval_is_the_published_one() -> None:
    # Newcombe 1998, table II (a): 56/70 against 48/80 gives 0.0524 to 0.3339 by method 10.
    change = versions.compare(48, 80, 56, 70)
    assert change is not None
    assert (round(change.low, 4), round(change.high, 4)) == (0.0524, 0.3339)


def test_differences_name_the_fields() -> None:
    before, after = Bundle("a", tags=("x",)), Bundle("b", tags=("x",), model="haiku")
    assert [d.field for d in versions.differences(before, after)] == ["name", "model"]
