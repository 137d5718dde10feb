"""What do LLM APIs cost per token, as the LiteLLM project collects it for about 140 providers?

USD per token, written as floats such as 2.5e-06. The file names no currency; some rows are copied
from price lists in euro, so each provider's currency is stated in a table of our own, and a provider
that the table lacks is not taken for USD.
"""

import csv
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pricing import names
from pricing.sources import Fetched, parse
from pricing.sources.client import Client
from pricing.things import SERVERLESS, TOKEN, BadAnswer, Quote, Reading, Thing

NAME = "litellm"
TITLE = "LiteLLM price file"
DEFAULT_URL = (
    "https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json"
)
MIRROR_URL = "https://cdn.jsdelivr.net/gh/BerriAI/litellm@main/model_prices_and_context_window.json"
IS_ON = True

PROVIDERS = Path(__file__).parent.parent / "data" / "litellm_providers.csv"
MODES = {"chat", "completion", "responses"}
MEASURES = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cached_input",
    "input_cost_per_token_batches": "batch_input",
    "output_cost_per_token_batches": "batch_output",
}
_BEARING_ON_PRICES = ("litellm_provider", "mode", "deprecation_date", *MEASURES)
# The file's own explanation of its fields.
SPEC = "sample_spec"


class Provider(NamedTuple):
    """How a provider of the file is called here, and in which currency its rows are written."""

    provider: str
    host: str
    currency: str


@cache
def providers() -> dict[str, Provider]:
    """Return the table of providers by the file's own names."""
    with PROVIDERS.open(newline="", encoding="utf-8") as file:
        return {
            row["litellm_provider"]: Provider(row["provider"], row["host"], row["currency"])
            for row in csv.DictReader(file)
        }


def fetch(client: Client, url: str, at: datetime) -> Fetched:
    """Ask for the file as it is today."""
    answer = client.get(url)
    return Fetched(body=answer.body, url=url, validators={url: answer.validators})


def digest(body: bytes) -> str:
    """Return the same text for the same prices."""
    entries = parse.strict_json(body)
    if not isinstance(entries, dict):
        raise BadAnswer("it is not an object of models")
    return parse.rows_digest(
        (name, *map(entry.get, _BEARING_ON_PRICES)) if isinstance(entry, dict) else (name, entry)
        for name, entry in entries.items()
    )


def read(body: bytes, *, at: datetime) -> Reading:
    """Return the prices of the file's chat, completion and responses models."""
    entries = parse.strict_json(body)
    if not isinstance(entries, dict):
        raise BadAnswer("it is not an object of models")
    quotes: list[Quote] = []
    faults: list[str] = []
    for name, entry in entries.items():
        if name == SPEC:
            continue
        if not isinstance(entry, dict):
            faults.append(f"{name}: not an object")
        elif entry.get("mode") in MODES:
            quotes.extend(_quotes(name, entry))
    faults.extend(parse.not_numbers(quotes))
    parse.refuse_if_broken(rows=len(entries), faults=faults)
    if not quotes:
        raise BadAnswer("it has no priced models")
    return Reading(quotes, faults)


def _quotes(name: str, entry: dict[str, Any]) -> Iterator[Quote]:
    written = str(entry.get("litellm_provider", ""))
    provider = providers().get(written, Provider(written, written, ""))
    thing = _thing(name, written, provider)
    until = parse.midnight(entry.get("deprecation_date"))
    url = entry.get("source")
    for field, measure in MEASURES.items():
        if (value := entry.get(field)) is not None:
            number = parse.decimal_of(value)
            yield Quote(
                thing=thing,
                measure=measure,
                amount=None if number is None else number * parse.PER_MILLION,
                currency=provider.currency,
                unit="mtok",
                url=url if isinstance(url, str) else "",
                valid_until=until,
                written=str(value),
            )


def _thing(name: str, written: str, provider: Provider) -> Thing:
    path = name.split("/")
    if len(path) > 1 and path[0] in {written, written.partition("-")[0], "bedrock"}:
        path = path[1:]
    # "azure/eu/gpt-4o", "bedrock/us-east-1/meta.llama3…": the part before the model is a region.
    regional = provider.provider in {"azure", "aws"} and len(path) > 1
    source_name = path[-1] if regional else "/".join(path)
    name_read = names.read(source_name)
    return Thing(
        kind=TOKEN,
        provider=provider.provider,
        host=provider.host,
        mode=SERVERLESS,
        model=name_read.model,
        source_name=source_name,
        quantization=name_read.quantization,
        region="/".join(path[:-1]) if regional else name_read.region,
        is_alias=name_read.is_alias,
    )
