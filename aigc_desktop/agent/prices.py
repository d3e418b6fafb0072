"""What a call cost: the user's own prices first, then the offline table of `genai-prices`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from importlib import metadata
from typing import Any

from aigc_desktop.config.i18n import tr
from aigc_desktop.core.errors import UserError
from aigc_desktop.core.session import Usage

logger = logging.getLogger(__name__)

WEB_SEARCH_USD = Decimal("0.01")
"""A search on Anthropic's side: $10 a thousand (Anthropic's price list)."""

MILLION = Decimal(1_000_000)
MAX_PRICE = Decimal(100_000)


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    input: Decimal
    output: Decimal
    cache_read: Decimal
    cache_write: Decimal

    def of(self, usage: Usage) -> Decimal:
        """Return what `usage` costs."""
        return (
            self.input * usage.input_tokens
            + self.output * usage.output_tokens
            + self.cache_read * usage.cache_read_tokens
            + self.cache_write * usage.cache_write_tokens
        ) / MILLION


_own: dict[str, Price] = {}


def use_own(prices: Mapping[str, Price]) -> None:
    """From now on these models (by their exact ids) cost what is said here."""
    _own.clear()
    _own.update(prices)


def read_own(data: Any) -> dict[str, Price]:
    """Return the prices in `{"model": {"input": 3, "output": 15, "cache_read": 0.3, …}}`.

    Without its own price, reading the cache costs a tenth and writing it 1.25 times the input.

    Raises:
        UserError("prices_invalid"): names what cannot be read.
    """
    if not isinstance(data, dict):
        raise UserError("prices_invalid", problem=tr("It holds no list of models."))
    return {str(model): _price(str(model), entry) for model, entry in data.items()}


def _price(model: str, entry: Any) -> Price:
    try:
        given = {key: Decimal(str(value)) for key, value in dict(entry).items()}
        incoming, outgoing = given["input"], given["output"]
        read = given.get("cache_read", incoming / 10)
        write = given.get("cache_write", incoming * Decimal("1.25"))
    except (KeyError, ValueError, TypeError, InvalidOperation) as error:
        problem = tr("{model}: a price is missing or is not a number.", model=model[:80])
        raise UserError("prices_invalid", problem=problem) from error
    if not all(value.is_finite() and 0 <= value <= MAX_PRICE for value in given.values()):
        problem = tr(
            "{model}: a price is below 0 or above {limit}.", model=model[:80], limit=MAX_PRICE
        )
        raise UserError("prices_invalid", problem=problem)
    return Price(incoming, outgoing, read, write)


def table_name() -> str:
    """Return which price list is in use, with its version."""
    return f"genai-prices {metadata.version('genai-prices')}"


def cost(model: str, usage: Usage, provider: str) -> Decimal | None:
    """Return US dollars, or None when there is no price: unpriced is not zero.

    Only Anthropic's own API has prices in the table; a local server has those that the user gave.
    """
    if model in _own:
        return _own[model].of(usage) + WEB_SEARCH_USD * usage.web_searches
    if provider != "anthropic":
        return None
    import genai_prices

    counted = genai_prices.Usage(
        input_tokens=usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens,
    )
    try:
        tokens = genai_prices.calc_price(counted, model, provider_id="anthropic").total_price
        return tokens + WEB_SEARCH_USD * usage.web_searches
    except (LookupError, ValueError) as error:
        logger.info("no price for %s: %s", model, error)
        return None
