"""The matcher's behaviour: outcomes, reasons, follow-ups, edits, cache, the lighter scorer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aigc_desktop.config.messages import reason_text
from aigc_desktop.config.paths import resource
from aigc_desktop.core.matching import Candidate, Outcome, ReasonKind
from aigc_desktop.scenarios.matching import matcher as module
from aigc_desktop.scenarios.matching.embedding import SentenceEncoder
from aigc_desktop.scenarios.matching.matcher import ScenarioMatcher

COOKING = Candidate(
    1,
    "1",
    "Cooking",
    "Recipes and meals",
    ("recipe", "oven"),
    (
        "how long do I boil an egg",
        "a soup with carrots",
        "番茄炒蛋怎么做",
        "what can I bake without butter",
        "红烧肉要炖多久",
        "is this pan oven safe",
    ),
)
TRAVEL = Candidate(
    2,
    "1",
    "Travel",
    "Trips, flights and hotels",
    ("flight", "hotel"),
    (
        "find a flight to Oslo",
        "which hotel is near the station",
        "帮我订去上海的机票",
        "three days in Rome, what to see",
        "签证要准备什么材料",
        "cheapest train to Berlin on friday",
    ),
)
MONEY = Candidate(
    3,
    "1",
    "Money",
    "Budgets, taxes and invoices",
    ("tax", "invoice"),
    (
        "how much tax do I pay",
        "write an invoice for May",
        "这个月的预算怎么分配",
        "can I deduct my home office",
        "发票抬头写错了怎么办",
        "split the rent between three people",
    ),
)
CANDIDATES = (COOKING, TRAVEL, MONEY)


@pytest.fixture
def matcher(encoder: SentenceEncoder) -> ScenarioMatcher:
    made = ScenarioMatcher(encoder, lambda work: work())
    made.settle(CANDIDATES)
    return made


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("how do I roast a chicken", 1),
        ("糖醋排骨的做法", 1),
        ("book me a room in Paris", 2),
        ("帮我订一张去北京的高铁票", 2),
        ("帮我看看这张 invoice 对不对", 3),
    ],
)
def test_the_scenario_is_found_with_reasons(
    matcher: ScenarioMatcher, text: str, expected: int
) -> None:
    match = matcher.match(text, CANDIDATES)
    assert match.scenario_id == expected
    assert match.scorer == "full"
    assert match.ranked[0].id == expected
    assert match.runner_up is not None
    assert match.ranked[0].share == match.confidence
    assert sum(ranked.share for ranked in match.ranked) < 1 + 1e-6
    assert match.reasons[0].text
    assert 0 < match.confidence < 1


def test_reasons_name_what_the_request_shares_with_the_scenario(matcher: ScenarioMatcher) -> None:
    match = matcher.match("please write the invoice for June", CANDIDATES)
    assert match.reasons[0].kind is ReasonKind.EXAMPLE
    assert match.reasons[0].text == "write an invoice for May"
    assert "invoice" in [reason.text for reason in match.reasons]


def test_all_keywords_together_are_not_given_as_one(matcher: ScenarioMatcher) -> None:
    match = matcher.match("flight hotel", CANDIDATES)
    assert match.scenario_id == TRAVEL.id
    assert match.reasons[0].kind is ReasonKind.KEYWORDS
    assert "flight hotel" not in reason_text(match.reasons[0])
    assert {"flight", "hotel"} <= {
        reason.text for reason in match.reasons if reason.kind is ReasonKind.KEYWORD
    }


def test_no_reason_cuts_a_chinese_word_in_two(matcher: ScenarioMatcher) -> None:
    match = matcher.match("帮我订一张去上海的机票吧", CANDIDATES)
    words = [reason.text for reason in match.reasons if reason.kind is ReasonKind.WORDS]
    assert words
    assert set(words) <= {"上海", "机票"}


def test_what_fits_nowhere_goes_to_the_default(matcher: ScenarioMatcher) -> None:
    for text in ("zzqx blorp 77 vvv", "prove that the square root of two is irrational"):
        match = matcher.match(text, CANDIDATES, default_id=9)
        assert match.outcome is Outcome.DEFAULT
        assert match.scenario_id == 9
        assert match.reasons[0].kind is ReasonKind.NOTHING


@pytest.mark.parametrize("text", ["再短一点", "and the second one?", "继续", "make it cheaper"])
def test_follow_ups_stay(matcher: ScenarioMatcher, text: str) -> None:
    for previous in (1, 2, 3):
        match = matcher.match(text, CANDIDATES, default_id=9, previous_id=previous)
        assert match.scenario_id == previous


def test_where_a_follow_up_stays_is_always_among_those_that_are_shown(
    matcher: ScenarioMatcher,
) -> None:
    topics = ("Chess", "Astronomy", "Sailing", "Pottery", "Violin", "Beekeeping", "Skiing")
    many = tuple(
        Candidate(number, str(number), topic, f"All about {topic}", (), (f"teach me {topic}",))
        for number, topic in enumerate(topics, 10)
    )
    for previous in many:
        match = matcher.match("make it cheaper", many, previous_id=previous.id)
        shown = {each.id: each.name for each in match.ranked}
        assert match.scenario_id == previous.id
        assert shown[previous.id] == previous.name


def test_a_request_that_clearly_leaves_is_let_go(matcher: ScenarioMatcher) -> None:
    text = "find a cheap flight to Oslo for next friday"
    assert matcher.match(text, CANDIDATES, previous_id=3).scenario_id == 2


def test_an_edit_takes_effect_at_once(matcher: ScenarioMatcher) -> None:
    text = "how do I prune roses"
    garden = Candidate(3, "2", "Garden", "Plants and flowers", (), ("when to cut back roses",))
    match = matcher.match(text, (COOKING, TRAVEL, garden))
    assert match.scenario_id == 3


def test_a_correction_teaches(matcher: ScenarioMatcher) -> None:
    text = "what should I pack"
    taught = Candidate(3, "1.7", MONEY.name, MONEY.description, (), (*MONEY.examples, text))
    assert matcher.match(text, (COOKING, TRAVEL, taught)).scenario_id == 3


def test_answers_are_kept_until_a_version_changes(
    matcher: ScenarioMatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = matcher.match("how do I roast a duck", CANDIDATES)

    def fail(*_args: object) -> None:
        raise AssertionError("scored again")

    monkeypatch.setattr(module.ScenarioMatcher, "_decide", fail)
    again = matcher.match("how do I  roast a duck", CANDIDATES)
    assert (again.scenario_id, again.confidence) == (first.scenario_id, first.confidence)
    with pytest.raises(AssertionError):
        matcher.match("how do I roast a duck", (COOKING, TRAVEL))


def test_words_alone_decide_until_the_embedding_is_there() -> None:
    waiting: list[Callable[[], None]] = []
    encoder = SentenceEncoder(resource("matching/centres.npy"))
    matcher = ScenarioMatcher(encoder, waiting.append)
    light = matcher.match("an invoice for June", CANDIDATES)
    assert (light.scorer, light.scenario_id) == ("light", 3)
    assert not encoder.is_ready
    matcher.warm_up(CANDIDATES)
    waiting.pop()()
    assert matcher.match("an invoice for June", CANDIDATES).scorer == "full"


def test_one_candidate_or_none() -> None:
    matcher = ScenarioMatcher(SentenceEncoder(resource("matching/centres.npy")), lambda _: None)
    assert matcher.match("anything", ()).outcome is Outcome.DEFAULT
    only = matcher.match("anything", (TRAVEL,))
    assert (only.scenario_id, only.reasons[0].kind) == (2, ReasonKind.ONLY)


@pytest.mark.parametrize(
    "text", ["", " ", "\x00", "😀" * 3000, "a" * 200_000, "%s {} ' \" \\", "\u202e反转", "\n" * 999]
)
def test_any_text_gets_an_answer(matcher: ScenarioMatcher, text: str) -> None:
    assert matcher.match(text, CANDIDATES, default_id=9).scenario_id in (1, 2, 3, 9)


def test_scenarios_without_examples_or_even_words(encoder: SentenceEncoder) -> None:
    bare = (Candidate(1, "1", "Translation"), Candidate(2, "1", "Cooking"), Candidate(3, "1", "?"))
    matcher = ScenarioMatcher(encoder, lambda work: work())
    assert matcher.match("translate this into French", bare).scenario_id == 1
