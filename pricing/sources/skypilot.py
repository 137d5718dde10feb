"""What do machines with GPUs cost per hour, as the SkyPilot catalogue lists them for each cloud?

CSV, USD for the whole machine. Each cloud's file has its own order of columns, and writes GpuInfo as
JSON or as a Python value; only the memory in it is read.
"""

import csv
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

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

HOSTS = Path(__file__).parent.parent / "data" / "gcp_hosts.csv"
COLUMNS = {"AcceleratorName", "AcceleratorCount", "Price", "Region"}
MODES = {"Price": ON_DEMAND, "SpotPrice": SPOT}
# Some clouds' files write GB under this name: no card has less than a GiB.
_MEMORY = re.compile(r"['\"]SizeInMiB['\"]\s*:\s*(\d{1,8})")
_MIB_PER_GIB = 1024

Row = dict[str, str]


@cache
def hosts() -> dict[tuple[str, Decimal | None], str]:
    """Return the only machine that takes so many of a card, where the maker of the cloud says so.

    Source: the accelerator-optimised machine types in Google's Compute Engine documentation.
    """
    with HOSTS.open(newline="", encoding="utf-8") as file:
        return {(r["gpu"], Decimal(r["gpu_count"])): r["host"] for r in csv.DictReader(file)}


def fetch(client: Client, url: str, at: datetime) -> Fetched:
    """Ask for the cloud's file."""
    answer = client.get(url)
    return Fetched(body=answer.body, url=url, validators={url: answer.validators})


def digest(body: bytes) -> str:
    """Return the same text for the same lines."""
    return parse.lines_digest(body)


def read(body: bytes, *, at: datetime, cloud: str) -> Reading:
    """Return the price of one GPU for each GPU, count and region of the cloud.

    A line without a machine prices the cards alone. It counts with the machine they go into, where
    only one does and the file prices that too; else it is no price of a machine and is left out.
    """
    faults: list[str] = []
    rows = cards = 0
    listed: list[tuple[int, Row]] = []
    bare: dict[tuple[str, ...], Row] = {}
    for rows, row in enumerate(parse.table(body, columns=COLUMNS), start=1):
        if row is None:
            faults.append(f"line {rows + 1} has another number of fields than the header")
        elif row["AcceleratorName"]:
            listed.append((rows + 1, row))
        elif row.get("InstanceType"):
            bare[_machine_in_zone(row, row["InstanceType"])] = row
    found: list[Machine] = []
    for line, row in listed:
        host: Row | None = None
        if row.get("InstanceType") == "":
            cards += 1
            host = bare.get(_machine_in_zone(row, _host_of(row)))
            if host is None:
                continue
        found.extend(_machines(row, host, cloud, line, faults))
    parse.refuse_if_broken(rows=rows, faults=faults)
    if not found:
        left = f": its {cards} lines with GPUs name no machine" if cards else ""
        raise BadAnswer(f"it has no machines with GPUs{left}")
    return Reading(machines.cheapest(found), faults)


def _machine_in_zone(row: Row, machine: str) -> tuple[str, ...]:
    return machine, row["Region"], row.get("AvailabilityZone", "")


def _host_of(row: Row) -> str:
    return hosts().get((row["AcceleratorName"], parse.decimal_of(row["AcceleratorCount"])), "")


def _machines(
    row: Row, host: Row | None, cloud: str, line: int, faults: list[str]
) -> Iterator[Machine]:
    count = parse.count_of(row["AcceleratorCount"])
    if count is None:
        # A share of a GPU (0.5) is sold too, but is no GPU.
        if parse.decimal_of(row["AcceleratorCount"]) is None:
            faults.append(f"line {line} has no number of GPUs")
        return
    for column, mode in MODES.items():
        if written := row.get(column):
            price = parse.decimal_of(written)
            if price is None:
                faults.append(f"line {line}: {column} is “{written[:20]}”")
                continue
            beside = parse.decimal_of(host.get(column)) if host is not None else Decimal(0)
            if beside is None or (host is not None and beside <= 0):
                continue
            yield Machine(
                provider=cloud,
                name=row.get("InstanceType") or (host or {}).get("InstanceType", ""),
                gpu=row["AcceleratorName"],
                gpu_count=count,
                memory_gb=_memory_gb(row),
                region=row["Region"],
                mode=mode,
                price=price + beside if price > 0 else price,
            )


def _memory_gb(row: Row) -> Decimal | None:
    found = _MEMORY.search(row.get("GpuInfo") or "")
    if found is None:
        return None
    size = Decimal(found.group(1))
    return size if size < _MIB_PER_GIB else size / _MIB_PER_GIB
