"""Which GPU does a seller's own name mean, and what may an hour of it plausibly cost?

A name that the catalogue does not hold is kept as it is and shown as unmapped, never guessed: an
"H100" whose form is not stated stays an H100, since SXM and PCIe differ by a third in what they do.
"""

import csv
import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

CATALOGUE = Path(__file__).parent / "data" / "gpus.csv"
# A price of a card that the catalogue does not hold is judged by these, in USD per hour.
WIDEST_BAND = (Decimal("0.01"), Decimal(60))
_MAKERS = re.compile(r"^(nvidia|amd|tesla|intel|geforce|instinct|quadro)[-_ ]+", re.IGNORECASE)
# 80 GB cards report 79 to 81 GiB, and so on: what a source states is compared this loosely.
_LOOSELY = Decimal("0.08")


class Gpu(NamedTuple):
    """One entry of the catalogue. Memory in GB as the maker states it, prices in USD per hour."""

    name: str
    maker: str
    memory_gb: Decimal
    floor_usd_hour: Decimal
    ceiling_usd_hour: Decimal


@cache
def catalogue() -> dict[str, Gpu]:
    """Return every known GPU by its squeezed name and aliases."""
    found: dict[str, Gpu] = {}
    with CATALOGUE.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            numbers = [Decimal(row[n]) for n in ("memory_gb", "floor_usd_hour", "ceiling_usd_hour")]
            gpu = Gpu(row["name"], row["maker"], *numbers)
            for name in (row["name"], *row["aliases"].split()):
                found[_squeezed(name)] = gpu
    return found


def find(name: str, *, memory_gb: Decimal | None = None, form: str = "") -> Gpu | None:
    """Return the GPU that a seller means, None when the catalogue does not hold it.

    >>> find("NVIDIA H100 SXM5").name, find("A100", memory_gb=Decimal(40), form="PCIe").name
    ('H100-SXM', 'A100-40GB-PCIe')
    >>> find("A100-80GB").name, find("V100", memory_gb=Decimal("15.99")).name, find("Z9000")
    ('A100-80GB', 'V100-16GB', None)
    """
    plain = _MAKERS.sub("", _MAKERS.sub("", name.strip()))
    for candidate in _candidates(plain, memory_gb, form):
        gpu = catalogue().get(_squeezed(candidate))
        if gpu is not None and _fits(gpu, memory_gb):
            return gpu
    return None


def band(name: str) -> tuple[Decimal, Decimal]:
    """Return the lowest and highest plausible price in USD per hour of one such GPU."""
    gpu = catalogue().get(_squeezed(name))
    return (gpu.floor_usd_hour, gpu.ceiling_usd_hour) if gpu else WIDEST_BAND


def _candidates(name: str, memory_gb: Decimal | None, form: str) -> list[str]:
    sizes = [f"-{_nominal(memory_gb)}GB", ""] if memory_gb else [""]
    forms = [f"-{form}", ""] if form else [""]
    return [f"{name}{f}{s}" for s in sizes for f in forms]


def _nominal(memory_gb: Decimal) -> int:
    for size in (16, 24, 32, 40, 48, 80, 94, 96, 141, 192):
        if abs(memory_gb - size) <= size * _LOOSELY / 2:
            return size
    return round(memory_gb)


def _fits(gpu: Gpu, memory_gb: Decimal | None) -> bool:
    return memory_gb is None or abs(memory_gb - gpu.memory_gb) <= gpu.memory_gb * _LOOSELY


def _squeezed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
