"""What does the price book hold before anybody asked the network?"""

from datetime import datetime

from pricing import families, pull
from pricing.report import Report
from pricing.sources import ecb, embedded_gpus, genai_prices

BUNDLED_SOURCES = (ecb.NAME, genai_prices.NAME, embedded_gpus.NAME)


def load(*, at: datetime) -> list[Report]:
    """Load families, exchange rates and prices that come with the product.

    Goes the way of every other pull, so repeating it adds nothing, and newer prices stay.
    """
    families.load_shipped()
    return [pull.pull(name, at=at, by="embedded prices", bundled=True) for name in BUNDLED_SOURCES]
