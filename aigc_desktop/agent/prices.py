"""What a call cost, from the offline table of `genai-prices`."""

from __future__ import annotations

import logging
from decimal import Decimal

from aigc_desktop.core.session import Usage

logger = logging.getLogger(__name__)

WEB_SEARCH_USD = Decimal("0.01")
"""A search on Anthropic's side: $10 a thousand (Anthropic's price list)."""


def cost(model: str, usage: Usage, provider: str) -> Decimal | None:
    """Return US dollars, or None when there is no price: unpriced is not zero.

    Only Anthropic's own API has prices; a local server or the demo model has none.
    """
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
