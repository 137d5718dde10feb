"""How fast do prices get into the book, and how fast is it seen that nothing changed?

Prints one table of processor seconds, so that what else the machine does matters little, on a database
of its own: SQLite, or PostgreSQL with TEST_PROFILE=servers. The answer is made up, in LiteLLM's form.
"""

import json
import os
import random
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

from django.db import connection, transaction
from django.test.runner import DiscoverRunner
from django.utils import timezone

from pricing import book, families, pull
from pricing.models import CurrentPrice, Observation, Offer
from pricing.sources import litellm
from pricing.things import GPU, Quote, Thing
from pricing.weigh import ACCEPTED, Change, weigh

SEED = 20_261_117
ENTRIES = 4_300
ROWS = 20_000
PROVIDERS = (
    "openai",
    "azure",
    "bedrock",
    "vertex_ai",
    "together_ai",
    "fireworks_ai",
    "groq",
    "mistral",
)


def row(what: str, figure: str, asked: str = "") -> None:
    """Print one line of the table."""
    print(f"| {what} | {figure} | {asked} |", flush=True)


def seconds(act: Callable[[], Any]) -> float:
    """Return the processor seconds that an act takes here and, on PostgreSQL, the wall's instead."""
    clock = time.process_time if connection.vendor == "sqlite" else time.perf_counter
    begun = clock()
    act()
    return clock() - begun


def made_up(numbers: random.Random) -> dict[str, Any]:
    """Return a file of LiteLLM's form, with the many fields that no price needs."""
    entries = {}
    for number in range(ENTRIES):
        provider = PROVIDERS[number % len(PROVIDERS)]
        price = round(numbers.uniform(0.05, 20), 3) / 1e6
        entries[f"{provider}/family-{number % 60}/model-{number}-instruct"] = {
            "litellm_provider": provider,
            "mode": "chat" if number % 4 else "embedding",
            "input_cost_per_token": price,
            "output_cost_per_token": price * 3,
            "cache_read_input_token_cost": price / 10,
            "max_input_tokens": 131_072,
            "max_output_tokens": 8_192,
            "source": f"https://example.org/{provider}/pricing",
            "supported_modalities": ["text", "image"],
            "supports_function_calling": True,
            "supports_prompt_caching": True,
            "supports_reasoning": bool(number % 2),
            "supports_vision": False,
            "tool_use_system_prompt_tokens": 346,
        }
    return entries


def measure_answers() -> None:
    """Pull a made-up file: at first, again in other bytes, again as it is."""
    entries = made_up(random.Random(SEED))  # noqa: S311
    body = json.dumps(entries, indent=1).encode()
    other = json.dumps(dict(reversed(entries.items()))).encode()
    at = timezone.now() - timedelta(days=1)
    parsing = min(seconds(lambda: json.loads(body)) for _ in range(5))
    first = seconds(lambda: pull.pull("litellm", at=at, body=body))
    bare = parsing + seconds(store_bare)
    row("json.loads and a bare bulk_create of the same rows", f"{bare:.3f} s")
    row("the first pull", f"{first:.3f} s = {first / bare:.2f}×", "≤ 3×")
    known = min(seconds(lambda: book.known_now("litellm")) for _ in range(3))
    asked = parsing + known
    row("json.loads and one query of what is known", f"{asked:.3f} s")
    rates = []
    for what, again in (("other bytes, the same prices", other), ("the identical answer", other)):
        at += timedelta(hours=1)
        took = seconds(lambda again=again, at=at: pull.pull("litellm", at=at, body=again))  # type: ignore[misc]
        rates.append(took)
        row(what, f"{took:.3f} s = {took / asked:.2f}×", "≤ 1.5×")
    quotes = litellm.read(other, at=at).quotes
    weighing = seconds(
        lambda: weigh(quotes, known=book.known_now("litellm"), history=frozenset(), at=at)
    )
    row("rows weighed one by one and found unchanged", f"{len(quotes) / weighing:,.0f} a second")
    row("the same by digest", f"{len(quotes) / rates[0]:,.0f} a second", "≥ 150,000")


def store_bare() -> None:
    """Insert as many plain rows of the same tables as the pull did, by Django's own means."""
    offers = list(Offer.objects.all())
    prices = list(CurrentPrice.objects.all())
    seen = {o.pk: o for o in Observation.objects.all()}

    def act() -> None:
        for offer in offers:
            offer.pk, offer.key = None, f"copy {offer.key}"
        Offer.objects.bulk_create(offers)
        for each in seen.values():
            each.pk = None
        Observation.objects.bulk_create(seen.values())
        for price in prices:
            price.pk, price.source = None, "copy"
        CurrentPrice.objects.bulk_create(prices)

    with transaction.atomic():
        act()
        transaction.set_rollback(True)


def measure_rows() -> None:
    """Append new prices of machines, with their offers, and then another price for each."""
    things = [
        Thing(
            kind=GPU, provider="p", host="p", mode="on_demand", region=f"r{n}", gpu="H100", gpu_count=1
        )
        for n in range(ROWS)
    ]  # fmt: skip
    for what, amount in (("new price rows with their offers", 2), ("changed price rows", 3)):
        quotes = [Quote(t, "gpu_hour", Decimal(amount), "USD", "gpu_hour") for t in things]
        changes = [Change(quote, ACCEPTED, "") for quote in quotes]
        seen = book.Sighting(source="bench", revision="1", url="", seen_at=timezone.now())
        known = book.known_now("bench")

        def act(changes: list[Change] = changes, seen: Any = seen, known: Any = known) -> None:
            with transaction.atomic():
                book.append(changes, seen=seen, known=known, moves_pointers=True)

        asked = "≥ 100,000" if connection.vendor == "sqlite" else "≥ 50,000"
        row(what, f"{ROWS / seconds(act):,.0f} a second", asked)


def main() -> None:
    """Measure on a test database."""
    runner = DiscoverRunner(verbosity=0, interactive=False)
    made = runner.setup_databases()
    try:
        families.load_shipped()
        print(
            f"Prices on {connection.vendor}, seed {SEED}\n\n| measured | here | asked |\n|---|---|---|"
        )
        measure_answers()
        measure_rows()
    finally:
        runner.teardown_databases(made)


if __name__ == "__main__":
    main()
