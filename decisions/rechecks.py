"""Which decisions have to be evaluated again because a price changed?"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from decisions import crossings, flags, screened, triggers
from decisions.models import Decision, Flag, Snapshot, Standing
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

    What a screen of all bills at once settles is not evaluated. Each other decision is its own
    transaction: evaluating one again changes nothing, so a worker that dies half-way costs only time.
    """
    after = claim.job.payload["after"]
    touched = list(_touched(after=after))
    settled = set() if after is None else screened.settle(touched, at=timezone.now())
    whole = [each for each in touched if each not in settled]
    for number, decision_id in enumerate(whole, start=1):
        decision = Decision.objects.filter(pk=decision_id, archived_at=None)
        for each in decision.select_related("team", "chosen", "workload"):
            flags.recheck(each, at=timezone.now())
        percent = number * 100 // len(whole)
        claim.report(percent=percent, says=f"{number} of {len(whole)} decisions")

    if after is not None:
        _look_at_new_models(after)

    def done() -> Mapping[str, Any]:
        return {"decisions": len(touched), "screened": len(settled)}

    return done


def _touched(*, after: int | None) -> Iterator[int]:
    """Yield the decisions that stand on a price newer than this mark, and those that wait; or all."""
    live = Decision.objects.filter(archived_at__isnull=True).order_by("pk")
    if after is None:
        yield from live.values_list("pk", flat=True)
        return
    changed = queries.changed_since(after)
    waiting = set(_waiting().values_list("decision_id", flat=True))
    offers = live.filter(standing__isnull=False).values_list("pk", "standing__offer_ids")
    for decision_id, used in offers.iterator(chunk_size=2000):
        if decision_id in waiting or not changed.isdisjoint(used):
            yield decision_id


def _look_at_new_models(after: int) -> None:
    """Tell the decisions that watch a family of a model that was first seen after this mark.

    Only one that was ever signed has something to compare with.
    """
    families = queries.families_with_new_models(after)
    if not families:
        return
    signed = Snapshot.objects.order_by().values_list("decision_id_text", flat=True).distinct()
    ids = [int(text) for text in signed if text.isdigit()]
    for decision in Decision.objects.filter(pk__in=ids, archived_at=None).select_related("team"):
        if not families.isdisjoint(triggers.watched(decision)):
            flags.look_at_triggers(decision, at=timezone.now())


@work.after("pull_prices")
def after_a_pull() -> None:
    """Check at once what a pull brought, without waiting for the clock."""
    schedule(now=timezone.now())
