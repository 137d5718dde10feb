"""What do GPU machines cost in each Azure region: on demand, spot, and reserved for years?

Paged JSON. A reservation's price is the total of its whole term, though its unit says "1 Hour"; spot
and Windows show in the names only. Sizes are mapped to GPUs by a table of our own.
"""

import csv
import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pricing.sources import Fetched, machines, parse
from pricing.sources.client import Client
from pricing.sources.machines import Machine
from pricing.things import ON_DEMAND, RESERVED, SPOT, BadAnswer, Reading

NAME = "azure_retail"
TITLE = "Azure retail prices"
DEFAULT_URL = (
    "https://prices.azure.com/api/retail/prices?$filter=serviceName eq 'Virtual Machines' and "
    "(startswith(armSkuName,'Standard_NC') or startswith(armSkuName,'Standard_ND') or "
    "startswith(armSkuName,'Standard_NV'))"
)
IS_ON = False

SIZES = Path(__file__).parent.parent / "data" / "azure_gpus.csv"
MOST_PAGES = 200
HOURS_PER_YEAR = 8760
TERMS_YEARS = {"1 Year": 1, "3 Years": 3, "5 Years": 5}
NOT_FOR_US = ("Windows", "Low Priority", "CloudServices", "Cloud Services")


@cache
def sizes() -> dict[str, tuple[str, int]]:
    """Return the GPU and the number of them by machine size, in lower case."""
    with SIZES.open(newline="", encoding="utf-8") as file:
        return {r["size"].lower(): (r["gpu"], int(r["gpu_count"])) for r in csv.DictReader(file)}


def fetch(client: Client, url: str, at: datetime) -> Fetched:
    """Ask for every page; each names the next, which must lie at the same place."""
    items: list[Any] = []
    here: Any = url
    seen: set[str] = set()
    for _ in range(MOST_PAGES):
        if not here:
            return Fetched(body=json.dumps({"Items": items}, default=str).encode(), url=url)
        if not isinstance(here, str) or here in seen:
            raise BadAnswer("its pages lead in a circle or nowhere")
        if _place(here) != _place(url):
            raise BadAnswer(f"its next page lies elsewhere: {here[:80]}")
        seen.add(here)
        page = parse.strict_json(client.get(here).body)
        items.extend(_items(page))
        here = page.get("NextPageLink")
    raise BadAnswer(f"it has more than {MOST_PAGES} pages")


def _place(url: str) -> tuple[str, str | None, int | None]:
    """Return the scheme, host and port: "…:443" is where an address without a port is, too."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
        return parts.scheme, parts.hostname, port
    except ValueError:
        return url, None, None


def digest(body: bytes) -> str:
    """Return the same text for the same answer in another layout."""
    return parse.json_digest(body)


def read(body: bytes, *, at: datetime) -> Reading:
    """Return the price of one GPU for each GPU, count, region, mode and term."""
    items = _items(parse.strict_json(body))
    faults: list[str] = []
    found: list[Machine] = []
    for item in items:
        if not isinstance(item, dict):
            faults.append("an item that is no object")
            continue
        found.extend(_machine(item, faults))
    parse.refuse_if_broken(rows=len(items), faults=faults)
    if not found:
        raise BadAnswer("it has no machines with GPUs")
    return Reading(machines.cheapest(found, url="https://azure.microsoft.com/pricing/"), faults)


def _items(page: Any) -> list[Any]:
    items = page.get("Items") if isinstance(page, dict) else None
    if not isinstance(items, list):
        raise BadAnswer("it is not a page of prices")
    return items


def _machine(item: dict[str, Any], faults: list[str]) -> Iterator[Machine]:
    size = str(item.get("armSkuName", "")).lower()
    names = f"{item.get('productName', '')} {item.get('skuName', '')} {item.get('meterName', '')}"
    if size not in sizes() or any(word in names for word in NOT_FOR_US):
        return
    kind = item.get("type", item.get("priceType"))
    years = TERMS_YEARS.get(str(item.get("reservationTerm")), 0)
    if kind not in ("Consumption", "Reservation") or (kind == "Reservation" and not years):
        return
    price = parse.decimal_of(item.get("retailPrice"))
    if price is None:
        faults.append(f"{size}: its price is {item.get('retailPrice')!r}")
        return
    gpu, count = sizes()[size]
    reserved = kind == "Reservation"
    yield Machine(
        provider="azure",
        name="",
        gpu=gpu,
        gpu_count=count,
        memory_gb=None,
        region=str(item.get("armRegionName", "")),
        mode=RESERVED if reserved else SPOT if "Spot" in names else ON_DEMAND,
        price=price / (years * Decimal(HOURS_PER_YEAR)) if reserved else price,
        currency=str(item.get("currencyCode", ""))[:3],
        term_months=12 * years if reserved else 0,
    )
