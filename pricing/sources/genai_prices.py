"""What do LLM APIs cost, and since when, as the genai-prices project collects it?

USD per million tokens, with the dates from which prices held. The same data lies offline inside the
project's package, which is what a first run reads; later pulls ask for the fresh copy.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from importlib.metadata import version
from typing import Any, NamedTuple

from pricing import names
from pricing.models import BUNDLED
from pricing.sources import Fetched, parse
from pricing.sources.client import Client
from pricing.things import SERVERLESS, TOKEN, BadAnswer, Quote, Reading, Thing

NAME = "genai_prices"
TITLE = "genai-prices"
DEFAULT_URL = (
    "https://raw.githubusercontent.com/pydantic/genai-prices/refs/heads/main/"
    "prices/new_data/v2/data.json"
)
MIRROR_URL = "https://cdn.jsdelivr.net/gh/pydantic/genai-prices@main/prices/new_data/v2/data.json"
IS_ON = True

MEASURES = {"input_mtok": "input", "output_mtok": "output", "cache_read_mtok": "cached_input"}
BATCH_MEASURES = {"input_mtok": "batch_input", "output_mtok": "batch_output"}
# Where a provider runs models that it does not sell under its own name alone.
HOSTS = {"aws": "bedrock", "azure": "azure-openai"}
# The mark of a variant that is no model of its own.
BATCH = ":batch"


class Dated(NamedTuple):
    """The prices of a model from a day on; None for as long as anybody knows."""

    since: datetime | None
    prices: dict[str, Any]


def fetch(client: Client, url: str, at: datetime) -> Fetched:
    """Ask for the project's fresh copy."""
    answer = client.get(url)
    return Fetched(body=answer.body, url=url, validators={url: answer.validators})


def bundled(at: datetime) -> Fetched:
    """Return the copy inside the installed package, in the form of the fresh one.

    The package carries no date: it speaks for the last day on which a price of it began to hold.
    """
    from genai_prices.data import providers

    body: list[dict[str, Any]] = [
        {
            "id": provider.id,
            "pricing_urls": provider.pricing_urls,
            "models": [_plain(model) for model in provider.models],
        }
        for provider in providers
    ]
    starts = {
        day
        for p in body
        for m in p["models"]
        for c in m["prices"]
        if (day := _start(c)) and day <= at
    }
    return Fetched(
        body=json.dumps(body, default=str).encode(),
        url="https://github.com/pydantic/genai-prices",
        revision=f"{BUNDLED} genai-prices {version('genai-prices')}",
        as_of=max(starts, default=at),
    )


def digest(body: bytes) -> str:
    """Return the same text for the same answer in another layout."""
    return parse.json_digest(body)


def read(body: bytes, *, at: datetime) -> Reading:
    """Return every model's prices with their dates, at the tier of short prompts."""
    providers = parse.strict_json(body)
    if not isinstance(providers, list):
        raise BadAnswer("it is not a list of providers")
    quotes: list[Quote] = []
    faults: list[str] = []
    rows = 0
    for provider in providers:
        models = provider.get("models") if isinstance(provider, dict) else None
        if not isinstance(models, list) or not isinstance(provider.get("id"), str):
            faults.append("a provider without an id or models")
            continue
        for model in models:
            rows += 1
            try:
                quotes.extend(_quotes(provider, model))
            except (KeyError, TypeError, AttributeError) as error:
                faults.append(f"{provider['id']}: {error!r}")
    faults.extend(parse.not_numbers(quotes))
    parse.refuse_if_broken(rows=rows, faults=faults)
    if not quotes:
        raise BadAnswer("it has no priced models")
    return Reading(quotes, faults)


def _quotes(provider: dict[str, Any], model: dict[str, Any]) -> Iterator[Quote]:
    urls = provider.get("pricing_urls") or [""]
    name = model["id"]
    measures = BATCH_MEASURES if name.endswith(BATCH) else MEASURES
    thing = _thing(provider["id"], name.removesuffix(BATCH))
    held = _by_date(model["prices"])
    for dated, following in zip(held, [*held[1:], None], strict=True):
        until = following.since if following else None
        for field, measure in measures.items():
            if field in dated.prices:
                yield _quote(thing, measure, dated, field, until, urls[0])
    if measures is MEASURES:
        yield from _batch_quotes(thing, model, urls[0])


def _batch_quotes(thing: Thing, model: dict[str, Any], url: str) -> Iterator[Quote]:
    for variant in model.get("price_variants") or []:
        if variant.get("when") == {"processing": "batch"}:
            dated = Dated(_start(variant), variant["prices"])
            for field, measure in BATCH_MEASURES.items():
                if field in dated.prices:
                    yield _quote(thing, measure, dated, field, None, url)


def _quote(
    thing: Thing, measure: str, dated: Dated, field: str, until: datetime | None, url: str
) -> Quote:
    value = dated.prices[field]
    # Long prompts cost more at some sellers; a monthly total is no long prompt.
    base = value["base"] if isinstance(value, dict) else value
    return Quote(
        thing=thing,
        measure=measure,
        amount=parse.decimal_of(base),
        currency="USD",
        unit="mtok",
        url=url,
        valid_from=dated.since,
        valid_until=until,
        written=str(base),
    )


def _by_date(prices: Any) -> list[Dated]:
    """Return the dated prices, oldest first. Of prices by time of day the dearest stands."""
    if isinstance(prices, dict):
        return [Dated(None, prices)]
    found: dict[datetime | None, dict[str, Any]] = {}
    for entry in prices:
        held = found.setdefault(_start(entry), {})
        for field, value in entry["prices"].items():
            held[field] = max(held.get(field, value), value, key=_base)
    undated = [Dated(None, found.pop(None))] if None in found else []
    return undated + [Dated(day, found[day]) for day in sorted(d for d in found if d)]


def _base(value: Any) -> Decimal:
    number = parse.decimal_of(value["base"] if isinstance(value, dict) else value)
    return Decimal(0) if number is None else number


def _start(entry: dict[str, Any]) -> datetime | None:
    return parse.midnight((entry.get("constraint") or {}).get("start_date"))


def _thing(provider: str, name: str) -> Thing:
    host = HOSTS.get(provider, provider)
    if provider == "google":
        host = "vertex-ai" if name.startswith("claude") else "gemini-api"
    if provider.startswith("huggingface_"):
        provider, host = provider.split("_", 1)
    read_name = names.read(name)
    return Thing(
        kind=TOKEN,
        provider=provider,
        host=host,
        mode=SERVERLESS,
        model=read_name.model,
        source_name=name,
        quantization=read_name.quantization,
        region=read_name.region,
        is_alias=read_name.is_alias,
    )


def _plain(model: Any) -> dict[str, Any]:
    entries = model.prices if isinstance(model.prices, list) else [model]
    return {
        "id": model.id,
        "prices": [_plain_entry(entry) for entry in entries],
        "price_variants": [
            {"when": dict(variant.when), **_plain_entry(variant)}
            for variant in model.price_variants or []
        ],
    }


def _plain_entry(entry: Any) -> dict[str, Any]:
    found = {k: v for k, v in vars(entry.prices).items() if k in MEASURES and v is not None}
    prices = {k: {"base": str(v.base)} if hasattr(v, "base") else str(v) for k, v in found.items()}
    start = getattr(getattr(entry, "constraint", None), "start_date", None)
    return {"prices": prices, "constraint": {"start_date": str(start)} if start else None}
