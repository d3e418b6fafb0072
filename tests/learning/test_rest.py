"""Summary and hash, the reading of a model's answer, the prompt text, the tally of a test."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_desktop.core.learning import (
    Evidence,
    Fault,
    Feedback,
    FeedbackKind,
    Lesson,
    LessonKind,
    LessonState,
    Scope,
    Target,
)
from aigc_desktop.core.trial import Pair, TrialVerdict
from aigc_desktop.learning import evolver, selection, trial
from aigc_desktop.learning.reading import Unreadable, question, read
from aigc_desktop.learning.summary import FROM_ONE_SESSION, NEWEST, chosen, summarize


def entry(number: int, session: int | None = None, **more: object) -> Feedback:
    made = Feedback(number, 1, FeedbackKind.CORRECT, 1000 + number, session, number)
    return replace(made, **more)  # type: ignore[arg-type]


def lesson(number: int, text: str = "", when: str = "", scope: Scope = Scope.GLOBAL) -> Lesson:
    return Lesson(
        number,
        1,
        Target(scope, session_id=1 if scope is Scope.SESSION else None),
        LessonKind.STYLE,
        f"t{number}",
        "v",
        text or f"Lesson {number}.",
        when,
        LessonState.ACTIVE,
    )


def test_the_newest_count_and_no_session_floods() -> None:
    flood = [entry(n, session=1) for n in range(1000)]
    others = [entry(n, session=2 + n % 5) for n in range(40)]
    found = chosen([*others, *flood])
    assert len(found) == NEWEST
    assert sum(each.session_id == 1 for each in found) == FROM_ONE_SESSION


@given(st.lists(st.integers(1, 10_000), unique=True, max_size=60), st.randoms())
def test_the_hash_knows_the_data_and_not_its_order(ids: list[int], chance: object) -> None:
    entries = [entry(number) for number in ids]
    mixed = list(entries)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert summarize(entries, {}).hash == summarize(mixed, {}).hash
    newest = [e.id for e in summarize(entries, {}).entries]
    if newest:
        changed = [replace(e, fault=Fault.TONE) if e.id == newest[0] else e for e in entries]
        assert summarize(changed, {}).hash != summarize(entries, {}).hash
    assert summarize(entries, {"like": 1}).hash != summarize(entries, {}).hash


def test_hidden_characters_are_left_out_of_the_summary() -> None:
    summary = summarize([entry(1, typed="be\u202e brief", request="ok")], {})
    assert "\u202e" not in json.dumps(summary.data, ensure_ascii=False)
    assert "user_wrote" in summary.data["entries"][0]


GOOD = {
    "kind": "tone",
    "topic": "tone",
    "value": "warm",
    "text": "Be warm.",
    "scope": "global",
    "evidence": [1, 2],
}


def test_an_answer_is_read_as_a_form_or_as_text() -> None:
    entries = [entry(1), entry(2)]
    for answer in ({"preferences": [GOOD]}, f"Here: {json.dumps({'preferences': [GOOD]})} done"):
        [found] = read(answer, entries, None).observations
        assert (found.text, len(found.feedback)) == ("Be warm.", 2)


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"evidence": []}, "no_evidence"),
        ({"evidence": [77]}, "no_evidence"),
        ({"evidence": "all"}, "no_evidence"),
        ({"kind": "power"}, "form"),
        ({"scope": "world"}, "form"),
        ({"topic": "a\nb"}, "form"),
        ({"text": 5}, "form"),
        ({"text": "Run curl | sh"}, "command"),
        ({"when": "see www.evil.com"}, "address"),
        ({"text": ""}, "no_evidence"),
    ],
)
def test_a_bad_entry_is_refused_alone(change: dict[str, object], refused: str) -> None:
    answer = {"preferences": [{**GOOD, **change}, GOOD, 5]}
    reading = read(answer, [entry(1), entry(2)], None)
    assert len(reading.observations) == 1
    assert reading.refused == (refused, "form")


@pytest.mark.parametrize(
    "answer", ["", "no", "{", "[1]", '{"a": 1}', {"preferences": 3}, "[" * 9**5]
)
def test_no_form_at_all_is_unreadable(answer: object) -> None:
    with pytest.raises(Unreadable):
        read(answer, [entry(1)], None)  # type: ignore[arg-type]


def test_nothing_holds_wider_than_its_evidence() -> None:
    mine = [entry(1, session=4, scenario_id=7), entry(2, session=4, scenario_id=7)]
    wide = [entry(1, session=4, scenario_id=7), entry(2, session=5, scenario_id=8)]

    def target(scope: str, entries: list[Feedback], session_id: int | None = None) -> Target:
        [found] = read(
            {"preferences": [{**GOOD, "scope": scope}]}, entries, session_id
        ).observations
        return found.target

    assert target("global", mine) == Target()
    assert target("session", mine) == Target(Scope.SESSION, session_id=4)
    assert target("session", wide) == Target()
    assert target("scenario", mine) == Target(Scope.SCENARIO, scenario_id=7)
    assert target("scenario", wide) == Target()
    assert target("global", mine, 4) == Target(Scope.SESSION, session_id=4)


def test_the_question_names_known_topics_and_no_lesson_text() -> None:
    asked = question(summarize([entry(1)], {}), [lesson(1, "A secret wording.")])
    assert json.loads(asked)["known"] == [{"topic": "t1", "value": "v", "when": ""}]
    assert "secret" not in asked


def test_few_lessons_all_go_in_many_only_the_nearest() -> None:
    few = [lesson(n) for n in (3, 1, 2)]
    assert [e.id for e in selection.select(few, "x")] == [1, 2, 3]
    many = [lesson(n, when=f"letters about topic{n}") for n in range(1, 31)]
    found = selection.select(many, "a letter about topic17 please")
    assert len(found) == selection.ALL_UP_TO
    assert 17 in [e.id for e in found]


def test_lessons_for_everything_have_their_places() -> None:
    general = [lesson(n) for n in range(1, 8)]
    bound = [lesson(n, when=f"letters about topic{n}") for n in range(11, 40)]
    found = [e.id for e in selection.select([*bound, *general], "letters about topic21")]
    assert sum(number < 8 for number in found) >= selection.CORE
    assert 21 in found


def test_what_it_was_learned_from_counts() -> None:
    many = [lesson(n, when=f"topic{n}") for n in range(1, 31)]
    shown = Evidence(1, 1.0, 1, 1, request="the harbour at night")
    many[16] = replace(many[16], evidence=(shown,))
    assert selection.nearest(many, "paint the harbour please")[0].id == 17


def test_the_prompt_stays_the_same_while_it_serves() -> None:
    many = [lesson(n, when=f"letters about topic{n}") for n in range(1, 31)]
    first = selection.select(many, "letters about topic3 and topic4")
    ids = [e.id for e in first]
    assert selection.select(many, "more about topic4 and topic3", ids) == first
    other = selection.select(many, "now topic21 topic22 topic23 topic24 topic25 topic26", ids)
    assert {21, 22, 23, 24, 25} <= {e.id for e in other}
    assert list(other) == sorted(other, key=lambda e: e.id)


def test_the_prompt_has_a_budget() -> None:
    long = [lesson(n, "x" * 200) for n in range(1, 30)]
    fitting = evolver.within(long)
    assert len(evolver.preferences_text(fitting)) <= evolver.BUDGET + len(evolver.INTRODUCTION) + 1
    assert [e.id for e in fitting] == list(range(1, len(fitting) + 1))
    assert evolver.preferences_text([]) == evolver.session_text([], []) == ""
    text = evolver.session_text([lesson(1, when="emails")], ["a", "b", "c", "d"])
    assert "- emails: Lesson 1." in text
    assert text.count("“") == evolver.CORRECTIONS


def pair(preferred: str, *, control: bool = False) -> Pair:
    return Pair("r", "w", "wo", control, preferred)


@pytest.mark.parametrize(
    ("pairs", "verdict"),
    [
        ([pair("with")] * 8, TrialVerdict.HELPS),
        ([pair("with")] * 8 + [pair("tie", control=True)] * 6, TrialVerdict.HELPS),
        ([pair("with")] * 8 + [pair("without", control=True)] * 6, TrialVerdict.HARMS),
        ([pair("without")] * 8, TrialVerdict.HARMS),
        ([pair("with")] * 5 + [pair("without")] * 3, TrialVerdict.UNDECIDED),
        ([pair("tie")] * 8, TrialVerdict.UNDECIDED),
        ([], TrialVerdict.UNDECIDED),
    ],
)
def test_the_verdict_is_what_chance_does_not_explain(
    pairs: list[Pair], verdict: TrialVerdict
) -> None:
    assert trial.verdict(pairs) is verdict


def test_the_judge_is_read_and_never_knows() -> None:
    assert trial.read_choice("A: shorter", with_first=True) == ("with", "shorter")
    assert trial.read_choice("**B** — better", with_first=True) == ("without", "better")
    assert trial.read_choice("tie.", with_first=False) == ("tie", "")
    assert trial.read_choice("Both are fine", with_first=True) is None
    lots = [trial.with_is_first(1, number) for number in range(200)]
    assert 70 < sum(lots) < 130
    asked = trial.judge_question("r", ["be brief"], "one", "two")
    assert "lesson" not in asked
