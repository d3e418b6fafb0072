"""What the test of a lesson came to, in words."""

from __future__ import annotations

from decimal import Decimal

from aigc_desktop.config.i18n import tr, tr_n
from aigc_desktop.core.trial import Pair, Proof, Share, TrialPlan
from aigc_desktop.gui.chat.wording import cost_text
from aigc_desktop.gui.learning.wording import day_text, verdict_text

WITH = "with"
WITHOUT = "without"


def share_text(share: Share) -> str:
    """Return a share with its interval, in per cent."""
    if not share.n:
        return tr("nothing to compare")
    return tr(
        "{share}% of {n} (95% interval {low} to {high}%)",
        share=round(100 * share.share),
        n=share.n,
        low=round(100 * share.low),
        high=round(100 * share.high),
    )


def proof_line(proof: Proof) -> str:
    """Return a proof on one line."""
    return tr(
        "Tested ({day}): {verdict} Better with it in {share}.",
        day=day_text(proof.at),
        verdict=verdict_text(proof.verdict),
        share=share_text(proof.wins),
    )


def spent_text(proof: Proof) -> str:
    """Return what a test has used."""
    calls = tr_n("{count} call of the model", "{count} calls of the model", proof.calls)
    said = f"{calls} · {money(proof.cost_usd)}"
    if proof.stopped_by_budget:
        return f"{said} · {tr('ended early: the budget was used up')}"
    return said


def plan_lines(plan: TrialPlan) -> list[str]:
    """Return what a test will do, a sentence each."""
    control = tr("There is no unrelated request that could be the control.")
    if plan.control:
        control = tr_n(
            "{count} unrelated request is the control: it should not get worse.",
            "{count} unrelated requests are the control: they should not get worse.",
            plan.control,
        )
    return [
        tr_n(
            "{count} of your past requests is answered with the lesson and without it.",
            "{count} of your past requests are answered with the lesson and without it.",
            plan.requests,
        ),
        control,
        tr("A judge compares each pair without knowing which answer had the lesson."),
    ]


def price_line(plan: TrialPlan) -> str:
    """Return what a test will use."""
    calls = tr_n("{count} call of the model", "{count} calls of the model", plan.calls)
    cost = tr("about {cost}", cost=money(plan.cost_usd)) if plan.cost_usd else money(None)
    budget = tr("ends at {budget}", budget=money(plan.budget_usd))
    return f"{calls} · {cost} · {budget}"


def money(amount: str | None) -> str:
    """Return an amount in dollars; None has no price."""
    if amount is not None and Decimal(amount) >= Decimal("0.1"):
        return f"${Decimal(amount):.2f}"
    return cost_text(None if amount is None else Decimal(amount))


def preferred_text(pair: Pair) -> str:
    """Return which answer of a pair was the better one."""
    if pair.preferred == WITH:
        return tr("Better with the lesson")
    if pair.preferred == WITHOUT:
        return tr("Better without the lesson")
    return tr("Equally good")
