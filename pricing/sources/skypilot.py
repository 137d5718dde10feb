"""What do machines with GPUs cost per hour, as the SkyPilot catalogue lists them for each cloud?

CSV, USD for the whole machine. Each cloud's file has its own order of columns, and writes GpuInfo as
JSON or as a Python value; only the memory in it is read.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from pricing.sources import Fetched, machines, parse
from pricing.sources.client import Client
from pricing.sources.machines import Machine
from pricing.things import ON_DEMAND, SPOT, BadAnswer, Reading

NAME = "skypilot"
TITLE = "SkyPilot catalogue"
DEFAULT_URL = "https://raw.githubusercontent.com/skypilot-org/skypilot-catalog/master/catalogs/v8/{cloud}/vms.csv"
MIRROR_URL = (
    "https://cdn.jsdelivr.net/gh/skypilot-org/skypilot-catalog@master/catalogs/v8/{cloud}/vms.csv"
)
IS_ON = True
CLOUDS = ("lambda", "runpod", "nebius", "verda", "aws", "gcp", "azure")

COLUMNS = {"AcceleratorName", "AcceleratorCount", "Price", "Region"}
MODES = {"Price": ON_DEMAND, "SpotPrice": SPOT}
_MEMORY = re.compile(r"['\"]SizeInMiB['\"]\s*:\s*(\d{1,8})")


def fetch(client: Client, url: str, at: datetime) -> Fetched:
    """Ask for the cloud's file."""
    answer = client.get(url)
    return Fetched(body=answer.body, url=url, validators={url: answer.validators})


def digest(body: bytes) -> str:
    """Return the same text for the same lines."""
    return parse.lines_digest(body)


def read(body: bytes, *, at: datetime, cloud: str) -> Reading:
    """Return the price of one GPU for each GPU, count and region of the cloud."""
    faults: list[str] = []
    rows = 0
    found: list[Machine] = []
    for rows, row in enumerate(parse.table(body, columns=COLUMNS), start=1):
        if row is None:
            faults.append(f"line {rows + 1} has another number of fields than the header")
        elif row["AcceleratorName"]:
            found.extend(_machines(row, cloud, rows + 1, faults))
    parse.refuse_if_broken(rows=rows, faults=faults)
    if not found:
        raise BadAnswer("it has no machines with GPUs")
    return Reading(machines.cheapest(found), faults)


def _machines(row: dict[str, str], cloud: str, line: int, faults: list[str]) -> Iterator[Machine]:
    count = parse.decimal_of(row["AcceleratorCount"])
    if count is None or count < 1 or count != int(count):
        # A share of a GPU (0.5) is sold too, but is no GPU.
        if count is None:
            faults.append(f"line {line} has no number of GPUs")
        return
    memory = _MEMORY.search(row.get("GpuInfo") or "")
    for column, mode in MODES.items():
        if written := row.get(column):
            price = parse.decimal_of(written)
            if price is None:
                faults.append(f"line {line}: {column} is “{written[:20]}”")
                continue
            yield Machine(
                provider=cloud,
                name=row.get("InstanceType") or "",
                gpu=row["AcceleratorName"],
                gpu_count=int(count),
                memory_gb=Decimal(memory.group(1)) / 1024 if memory else None,
                region=row["Region"],
                mode=mode,
                price=price,
            )
