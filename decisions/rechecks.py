"""Which decisions have to be evaluated again because a price changed?"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from decisions import crossings, flags
from decisions.models import Decision, Flag, Standing
from jobs import work
from jobs.models import Job
from pricing import queries

KIND = "recheck_decisions"


def schedule(*, now: datetime) -> None:
    """Ask for a recheck of what changed since the last one, and of everything once a day.

    A pull that confirms a crossing changes no price, and 48 hours pass without one: what waits for
    its second pull or its hours is checked after each pull and each hour. The daily check covers what
    no new price shows: exchange rates, and prices going out of date.
    """
    newest, pulled = queries.newest_observation_id(), _pulled()
    last = _last_payload()
    checked = int(last.get("up_to", 0))
    changed = newest > checked
    confirmed = pulled != last.get("pulled") and _waiting().exists()
    if changed or confirmed:
        _ask(f"prices:{newest}:{pulled}", "new prices", after=checked, up_to=newest, now=now)
    if _waiting().filter(best_since__lte=now - crossings.LASTING).exists():
        _ask(f"hour:{now:%Y-%m-%dT%H}", "48 hours", after=newest, up_to=newest, now=now)
    _ask(f"day:{now:%Y-%m-%d}", f"all, {now:%d %B %Y}", after=None, up_to=newest, now=now)


def _ask(key: str, against: str, *, after: int | None, up_to: int, now: datetime) -> None:
    work.enqueue(
        KIND,
        key=f"recheck:{key}",
        title=f"Check decisions against {against}",
        payload={"after": after, "up_to": up_to, "pulled": _pulled()},
        at=now,
        by="system:schedule",
    )


def _pulled() -> str:
    newest = queries.newest_pull()
    return newest.isoformat() if newest else ""


def _waiting() -> QuerySet[Standing]:
    """Return the standings of decisions that crossed and are not flagged for it yet."""
    told = Flag.objects.filter(
        decision=OuterRef("decision"), kind=Flag.Kind.CROSSED, closed_at=None
    )
    crossed = Standing.objects.filter(best_since__isnull=False, decision__archived_at=None)
    return crossed.exclude(Exists(told))


def _last_payload() -> dict[str, Any]:
    done = Job.objects.filter(kind=KIND).order_by("-pk").values_list("payload", flat=True)
    return done.first() or {}


@work.kind(KIND, lease=timedelta(minutes=10))
def recheck(claim: work.Claim) -> work.Effect:
    """Evaluate the decisions that use a changed price (or all), flag those that crossed.

    Each decision is its own transaction: evaluating one again changes nothing, so a worker that
    dies half-way costs only time.
    """
    affected = _affected(after=claim.job.payload["after"])
    for number, decision in enumerate(affected, start=1):
        flags.recheck(decision, at=timezone.now())
        percent = number * 100 // len(affected)
        claim.report(percent=percent, says=f"{number} of {len(affected)} decisions")

    def done() -> Mapping[str, Any]:
        return {"decisions": len(affected)}

    return done


def _affected(*, after: int | None) -> list[Decision]:
    live = Decision.objects.filter(archived_at__isnull=True).select_related(
        "team", "chosen", "workload", "standing"
    )
    if after is None:
        return list(live)
    changed = queries.changed_since(after)
    waiting = set(_waiting().values_list("decision_id", flat=True))
    return [
        d
        for d in live
        if d.pk in waiting
        or (hasattr(d, "standing") and not changed.isdisjoint(d.standing.offer_ids))
    ]
