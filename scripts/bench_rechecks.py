"""How long does it take to check very many decisions against new prices? Called by `bench`."""

import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from django.utils import timezone

from decisions import drafts, screened, standing
from decisions.formulas import screening
from decisions.models import Decision, Standing
from pricing.models import Offer, SourceHealth
from tests import factories
from tests.decisions import many_cases

ROUNDS = 7
Row = Callable[..., None]


def milliseconds(act: Callable[[], Any]) -> float:
    """Return the milliseconds that `act` takes."""
    begun = time.perf_counter()
    act()
    return (time.perf_counter() - begun) * 1000


def measure_screening(row: Row) -> None:
    """Time 100,000 decisions of 12 options after a price change, and compare with plain loops."""
    cases, prices = many_cases.made_up(decisions=100_000, options=12, prices=300, seed=0)
    packed = screening.Cases.packed(cases)
    floats = np.array(prices, dtype=np.float64)
    bills = statistics.median(milliseconds(lambda: packed.bills(floats)) for _ in range(ROUNDS))
    begun = time.perf_counter()
    found = screening.crossed(packed, cases, prices)
    whole = time.perf_counter() - begun
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begun = time.perf_counter()
    for case in cases:
        for each in case.options:
            each.per_month(prices)
    loops = time.perf_counter() - begun
    same = sum(
        bool(one) == screening.has_crossed(case, prices)
        for one, case in zip(found, cases, strict=True)
    )
    row("bills of 100,000 decisions × 12 options at 300 new prices", f"{bills:.0f} ms", "≤ 500 ms")
    row("the same in plain loops", f"{loops:.1f} s = {loops * 1000 / bills:.0f}×", "≥ 50×")
    row("which of them crossed, decimals near the line", f"{whole:.2f} s", "≤ 30 s")
    row("equal to decimals alone", f"{same:,} of {len(cases):,}", "all")
    row("memory of it all, with the decisions themselves", f"{memory:.0f} MB", "≤ 1,024 MB")


def measure_recheck(row: Row, decisions: int = 100_000) -> None:
    """Time what the product does with very many stored decisions after a pull moved prices."""
    found = Offer.objects.filter(kind="token", current__isnull=False).distinct()
    team, by = factories.make_team("Many"), factories.make_user()
    options: dict[str, Any] = {f"Option {n}": ("managed_open", {}) for n in range(12)}
    one = factories.make_decision(team, by=by, options={})
    for (name, (kind, _)), offer in zip(options.items(), found[:12], strict=True):
        drafts.add_option(
            one,
            name=name,
            kind=kind,
            offer_id=offer.pk,
            by=by,
            at=timezone.now(),
            version=one.version,
        )
    standing.update(one, at=timezone.now())
    factories.make_choice(one, Standing.objects.get(decision=one).best_name, by=by)
    like = Standing.objects.get(decision=one)
    SourceHealth.objects.update(last_success_at=timezone.now())
    many = Decision.objects.bulk_create(
        Decision(team=team, name=f"Many {n}", version=one.version, chosen=one.chosen)
        for n in range(decisions)
    )
    Standing.objects.bulk_create(
        Standing(
            decision=each,
            evaluated_at=like.evaluated_at,
            version=one.version,
            best_name=like.best_name,
            straight=like.straight,
            offer_ids=like.offer_ids,
        )
        for each in many
    )
    begun = time.perf_counter()
    settled = screened.settle([each.pk for each in many], at=timezone.now())
    seconds = time.perf_counter() - begun
    what = f"{len(settled):,} stored decisions × 12 options settled in the database after a pull"
    row(what, f"{seconds:.1f} s")
    Decision.objects.filter(pk__in=[one.pk]).delete()
