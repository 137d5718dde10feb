"""What do machines with GPUs cost per hour, as the gpuhunt catalogue of dstack lists them?

A small text names the newest version; its zip holds one CSV per provider, USD for the whole machine.
"""

import io
import re
import zipfile
import zlib
from datetime import datetime

from pricing.sources import Fetched, machines, parse
from pricing.sources.client import LARGEST_BYTES, Client
from pricing.sources.machines import Machine
from pricing.things import ON_DEMAND, SPOT, BadAnswer, Reading

NAME = "gpuhunt"
TITLE = "gpuhunt catalogue"
DEFAULT_URL = "https://dstack-gpu-pricing.s3.eu-west-1.amazonaws.com/v3/{cloud}/version"
IS_ON = True
CLOUDS = ("aws", "azure", "gcp", "lambdalabs", "nebius", "oci", "runpod", "datacrunch", "vultr")

COLUMNS = {"instance_name", "location", "price", "gpu_count", "gpu_name", "gpu_memory", "spot"}
# One name for a provider, whoever writes it.
PROVIDERS = {"lambdalabs": "lambda", "datacrunch": "verda", "vastai": "vast"}


def fetch(client: Client, url: str, at: datetime) -> Fetched:
    """Ask which version is the newest, then for that version. An address may name an archive too."""
    first = client.get(url)
    if first.body.startswith(b"PK") or not url.endswith("/version"):
        return Fetched(body=first.body, url=url)
    version = parse.text_of(first.body).strip()
    if not re.fullmatch(r"[\w.-]{1,60}", version):
        raise BadAnswer(f"“{version[:40]}” is no version")
    catalog = f"{url.removesuffix('/version')}/{version}/catalog.zip"
    answer = client.get(catalog)
    return Fetched(body=answer.body, url=catalog, revision=f"version {version}")


def read(body: bytes, *, at: datetime, cloud: str) -> Reading:
    """Return the price of one GPU for each GPU, count, region and mode."""
    faults: list[str] = []
    found: list[Machine] = []
    rows = 0
    for rows, row in enumerate(parse.table(_csv(body, cloud), columns=COLUMNS), start=1):
        if row is None:
            faults.append(f"line {rows + 1} has another number of fields than the header")
        elif row["gpu_name"] and row["gpu_count"] not in ("", "0"):
            machine = _machine(row, cloud)
            if machine is None:
                faults.append(f"line {rows + 1} has a price or count that is no number")
            else:
                found.append(machine)
    parse.refuse_if_broken(rows=rows, faults=faults)
    if not found:
        raise BadAnswer("it has no machines with GPUs")
    return Reading(machines.cheapest(found), faults)


def _machine(row: dict[str, str], cloud: str) -> Machine | None:
    price, count = parse.decimal_of(row["price"]), parse.count_of(row["gpu_count"])
    if price is None or count is None:
        return None
    return Machine(
        provider=PROVIDERS.get(cloud, cloud),
        name=row["instance_name"],
        gpu=row["gpu_name"],
        gpu_count=count,
        memory_gb=parse.decimal_of(row["gpu_memory"]),
        region=row["location"],
        mode=SPOT if row["spot"].lower() == "true" else ON_DEMAND,
        price=price,
    )


def _csv(body: bytes, cloud: str) -> bytes:
    """Return the provider's table: from the zip, or as it is when it was saved unpacked."""
    if not body.startswith(b"PK"):
        return body
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive, archive.open(f"{cloud}.csv") as file:
            # What the archive says of its sizes may be wrong; what comes out counts.
            table = file.read(LARGEST_BYTES + 1)
    except (
        zipfile.BadZipFile, zlib.error, KeyError, OSError, EOFError, ValueError, RuntimeError,
    ) as error:  # fmt: skip
        raise BadAnswer(f"its archive cannot be read ({error})") from error
    if len(table) > LARGEST_BYTES:
        raise BadAnswer(f"it unpacks to more than {LARGEST_BYTES // 1_000_000} MB")
    return table
