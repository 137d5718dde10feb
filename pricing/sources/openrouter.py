"""What do models cost through OpenRouter, at which host, and which of them have published weights?

USD per token, as strings. A model's endpoints name the host and the quantisation it serves.
"""

import json
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
PAGE = "https://openrouter.ai/"


def fetch(client: Client, url: str, at: datetime) -> Fetched:
    """Ask for the models, then for the hosts of open ones, as many as time allows."""
    answer = client.get(url)
    models = _models(parse.strict_json(answer.body))
    until = time.monotonic() + ENDPOINTS_SECONDS
    endpoints: list[Any] = []
    for model in models:
        if time.monotonic() > until:
            break
        if isinstance(model, dict) and model.get("hugging_face_id"):
            try:
                page = client.get(f"{url}/{model['id']}/endpoints", seconds=10)
                endpoints.append(parse.strict_json(page.body)["data"])
            except (NoAnswer, KeyError, TypeError):
                continue
    body = json.dumps({"data": models, "endpoints": endpoints}, default=str).encode()
    return Fetched(body=body, url=url)


def digest(body: bytes) -> str:
    """Return the same text for the same answer in another layout."""
    return parse.json_digest(body)


def read(body: bytes, *, at: datetime) -> Reading:
    """Return the prices of the models, and of each host of those whose hosts are listed."""
    answer = parse.strict_json(body)
    models = _models(answer)
    faults: list[str] = []
    quotes: list[Quote] = []
    for model in [*models, *(answer.get("endpoints") or [])]:
        try:
            quotes.extend(_quotes(model))
        except (KeyError, TypeError, AttributeError) as error:
            faults.append(f"a model without what it needs ({error!r})")
    parse.refuse_if_broken(rows=len(models), faults=faults)
    if not quotes:
        raise BadAnswer("it has no priced models")
    return Reading(quotes, faults)


def _models(answer: Any) -> list[Any]:
    """Return the models of the list, or the one model of a saved answer about its endpoints."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if isinstance(data, dict) and "endpoints" in data:
        return [data]
    if not isinstance(data, list):
        raise BadAnswer("it is not a list of models")
    return data


def _quotes(model: dict[str, Any]) -> Iterator[Quote]:
    weights = "open" if model.get("hugging_face_id") else "unknown"
    if "pricing" in model:
        yield from _priced(_thing(model["id"], "openrouter", "", weights), model)
    for endpoint in model.get("endpoints") or []:
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
