"""Which decisions have to be evaluated again because a price changed?"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from decisions import flags
from decisions.models import Decision
from jobs import work
from jobs.models import Job
from pricing import queries

KIND = "recheck_decisions"


def schedule(*, now: datetime) -> None:
    """Ask for a recheck of what changed since the last one, and of everything once a day.

    The daily one covers what no new price shows: exchange rates, and prices going out of date.
    """
    newest = queries.newest_observation_id()
    if newest > _checked_up_to():
        work.enqueue(
            KIND,
            key=f"recheck:prices:{newest}",
            title="Check decisions against new prices",
            payload={"after": _checked_up_to(), "up_to": newest},
            at=now,
            by="system:schedule",
        )
    work.enqueue(
        KIND,
        key=f"recheck:day:{now:%Y-%m-%d}",
        title=f"Check all decisions, {now:%d %B %Y}",
        payload={"after": None, "up_to": newest},
        at=now,
        by="system:schedule",
    )


def _checked_up_to() -> int:
    done = Job.objects.filter(kind=KIND).order_by("-pk").values_list("payload", flat=True)
    last = done.first()
    return int(last["up_to"]) if last else 0


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
    return [
        d for d in live if hasattr(d, "standing") and not changed.isdisjoint(d.standing.offer_ids)
    ]
