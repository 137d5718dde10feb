"""What do models cost through OpenRouter, at which host, and which of them have published weights?

USD per token, as strings. A model's endpoints name the host and the quantisation it serves.
"""

import json
import re
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pricing import names
from pricing.sources import Fetched, parse
from pricing.sources.client import Client, NoAnswer
from pricing.things import SERVERLESS, TOKEN, BadAnswer, Quote, Reading, Thing

NAME = "openrouter"
TITLE = "OpenRouter"
DEFAULT_URL = "https://openrouter.ai/api/v1/models"
IS_ON = False

MEASURES = {"prompt": "input", "completion": "output", "input_cache_read": "cached_input"}
# Hosts are asked for models with published weights only, and only as long as this.
ENDPOINTS_SECONDS = 20.0
# About as many as that time is enough for.
MODELS_A_DAY = 40
PAGE = "https://openrouter.ai/"
_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,80}/[A-Za-z0-9][\w.:-]{0,120}")


def fetch(client: Client, url: str, at: datetime) -> Fetched:
    """Ask for the models, then for the hosts of open ones, as many as time allows.

    Each day begins with other models, so that each is asked for in turn. Those that were not asked
    for, or gave no good answer, are named: their hosts stay as they were.
    """
    answer = client.get(url)
    models = _models(parse.strict_json(answer.body))
    named = [m["id"] for m in models if isinstance(m, dict) and _may_be_asked(m)]
    first = at.toordinal() * MODELS_A_DAY % len(named) if named else 0
    until = time.monotonic() + ENDPOINTS_SECONDS
    endpoints: list[Any] = []
    missed: list[str] = []
    failed = 0
    for name in [*named[first:], *named[:first]]:
        if time.monotonic() > until:
            missed.append(name)
            continue
        try:
            page = client.get(f"{url}/{name}/endpoints", seconds=10)
            endpoints.append(parse.strict_json(page.body)["data"])
        except (NoAnswer, BadAnswer, KeyError, TypeError):
            missed.append(name)
            failed += 1
    body = {"data": models, "endpoints": endpoints, "missed": missed}
    note = f"{failed} of {len(named)} models gave no good list of hosts" if failed else ""
    return Fetched(body=json.dumps(body, default=str).encode(), url=url, note=note)


def _may_be_asked(model: dict[str, Any]) -> bool:
    """Return whether its hosts are asked for: it has published weights, and a name that is no path."""
    name = model.get("id")
    named = isinstance(name, str) and _ID.fullmatch(name) and ".." not in name
    return bool(named and model.get("hugging_face_id") and "endpoints" not in model)


def digest(body: bytes) -> str:
    """Return the same text for the same answer in another layout."""
    return parse.json_digest(body)


def read(body: bytes, *, at: datetime) -> Reading:
    """Return the prices of the models, and of each host of those whose hosts are listed."""
    answer = parse.strict_json(body)
    models = _models(answer)
    faults: list[str] = []
    quotes: list[Quote] = []
    for model in [*models, *_listed(answer.get("endpoints"))]:
        try:
            quotes.extend(_quotes(model))
        except (KeyError, TypeError, AttributeError) as error:
            faults.append(f"a model without what it needs ({error!r})")
    faults.extend(parse.not_numbers(quotes))
    parse.refuse_if_broken(rows=len(models), faults=faults)
    if not quotes:
        raise BadAnswer("it has no priced models")
    missed = answer.get("missed")
    return Reading(quotes, faults, frozenset(missed if isinstance(missed, list) else ()))


def _models(answer: Any) -> list[Any]:
    """Return the models of the list, or the one model of a saved answer about its endpoints."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if isinstance(data, dict) and "endpoints" in data:
        return [data]
    if not isinstance(data, list):
        raise BadAnswer("it is not a list of models")
    return data


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _quotes(model: dict[str, Any]) -> Iterator[Quote]:
    weights = "open" if model.get("hugging_face_id") else "unknown"
    if "pricing" in model:
        yield from _priced(_thing(model["id"], "openrouter", "", weights), model)
    for endpoint in _listed(model.get("endpoints")):
        host = str(endpoint["provider_name"]).lower().replace(" ", "-")[:60]
        quantization = str(endpoint.get("quantization") or "")
        thing = _thing(
            model["id"], host, "" if quantization == "unknown" else quantization, weights
        )
        yield from _priced(thing, endpoint)


def _priced(thing: Thing, entry: dict[str, Any]) -> Iterator[Quote]:
    for field, measure in MEASURES.items():
        if (written := entry["pricing"].get(field)) is not None:
            number = parse.decimal_of(written)
            yield Quote(
                thing=thing,
                measure=measure,
                amount=None if number is None else number * parse.PER_MILLION,
                currency="USD",
                unit="mtok",
                url=f"{PAGE}{thing.source_name}",
                written=str(written),
            )


def _thing(name: str, host: str, quantization: str, weights: str) -> Thing:
    read_name = names.read(name)
    return Thing(
        kind=TOKEN,
        provider="openrouter",
        host=host,
        mode=SERVERLESS,
        model=read_name.model,
        source_name=name,
        quantization=quantization[:20] or read_name.quantization,
        is_alias=read_name.is_alias or name == "openrouter/auto",
        weights=weights,
    )
