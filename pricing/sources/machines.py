"""How do lists of rented machines become prices of one GPU and hour?

Such lists price whole machines, many with the same GPUs and other processors, in several zones of a
region. The cheapest of them is what a GPU costs there.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from pricing import gpus
from pricing.guards.whole import SENTINEL_MODELS
from pricing.things import GPU, SPOT, Quote, Thing

# Spot prices that nobody asked for: the lists make them from on demand, as its half.
SPOT_IS_MADE_UP = {"oci"}
_FORM = re.compile(r"(?:^|[^a-z])(sxm|pcie|nvl)(?:[^a-z]|$)")
_FORMS = {"sxm": "SXM", "pcie": "PCIe", "nvl": "NVL"}


class Machine(NamedTuple):
    """One line of such a list: the price is for the whole machine and an hour."""

    provider: str
    name: str
    gpu: str
    gpu_count: int
    memory_gb: Decimal | None
    region: str
    mode: str
    price: Decimal | None
    currency: str = "USD"
    term_months: int = 0


def cheapest(machines: Iterable[Machine], *, url: str = "") -> list[Quote]:
    """Return the price of one GPU for each GPU, count, region and mode: the cheapest machine's.

    A placeholder, the same price on many GPU models, undercuts no real price and is none by itself.
    """
    listed = [m for m in machines if not (m.mode == SPOT and m.provider in SPOT_IS_MADE_UP)]
    placeholders = _placeholders(listed)
    kept: dict[str, Quote] = {}
    for machine in listed:
        if (machine.provider, machine.price) in placeholders:
            quote = _quote(machine._replace(price=None), url)
            says = f"{machine.price}, on {SENTINEL_MODELS} or more GPU models,"
            quote = quote._replace(written=says)
        else:
            quote = _quote(machine, url)
        before = kept.get(quote.thing.key)
        if before is None or _cheaper(quote.amount, before.amount):
            kept[quote.thing.key] = quote
    return list(kept.values())


def _placeholders(machines: Iterable[Machine]) -> set[tuple[str, Decimal | None]]:
    models: dict[tuple[str, Decimal | None], set[str]] = defaultdict(set)
    for machine in machines:
        models[machine.provider, machine.price].add(machine.gpu)
    return {
        priced
        for priced, gpus_so_priced in models.items()
        if priced[1] is not None and len(gpus_so_priced) >= SENTINEL_MODELS
    }


def form_of(name: str) -> str:
    """Return the form that a machine's name states, "" when it does not.

    >>> form_of("gpu-h100-sxm_8gpu-128vcpu"), form_of("gpu_1x_h100_pcie"), form_of("p5.48xlarge")
    ('SXM', 'PCIe', '')
    """
    found = _FORM.search(name.lower())
    return _FORMS[found.group(1)] if found else ""


def _quote(machine: Machine, url: str) -> Quote:
    known = gpus.find(machine.gpu, memory_gb=machine.memory_gb, form=form_of(machine.name))
    amount = None if machine.price is None else machine.price / machine.gpu_count
    return Quote(
        thing=Thing(
            kind=GPU,
            provider=machine.provider,
            host=machine.provider,
            mode=machine.mode,
            region=machine.region.strip(" ,")[:60],
            gpu=known.name if known else machine.gpu[:60],
            gpu_is_known=known is not None,
            gpu_count=machine.gpu_count,
            term_months=machine.term_months,
        ),
        measure="gpu_hour",
        amount=amount,
        currency=machine.currency,
        unit="gpu_hour",
        url=url,
        written="" if machine.price is None else str(machine.price),
    )


def _cheaper(amount: Decimal | None, before: Decimal | None) -> bool:
    """Return whether a real price undercuts what is kept. Zero is unknown, so it undercuts nothing."""
    if amount is None or amount <= 0:
        return False
    return before is None or before <= 0 or amount < before
