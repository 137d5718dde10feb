"""Who lets a price out of quarantine: a second source that says the same, or a person with a reason."""

from collections import defaultdict
from datetime import datetime

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from pricing import audit, makers
from pricing.models import CurrentPrice, Observation
from pricing.queries import differs
from pricing.things import plain

Status = Observation.Status


class NotAllowed(Exception):
    """The decision cannot be taken; the text says why."""


def waiting() -> QuerySet[CurrentPrice]:
    """Return the prices that wait for a decision, with the price before and what others say."""
    other = CurrentPrice.objects.filter(
        offer=OuterRef("offer"), measure=OuterRef("measure"), observation__status=Status.ACCEPTED
    ).exclude(source=OuterRef("source"))
    return (
        CurrentPrice.objects.filter(pending__status=Status.QUARANTINED)
        .select_related("offer", "pending", "observation")
        .annotate(
            other_amount=Subquery(other.values("observation__amount")[:1]),
            other_currency=Subquery(other.values("observation__currency")[:1]),
            other_source=Subquery(other.values("source")[:1]),
        )
        .order_by("-pending__seen_at", "pk")
    )


def confirm_by_second_source(*, at: datetime) -> list[str]:
    """Accept every waiting price that another source gives too, within 2 %.

    Then those of hosts that followed the maker of a closed model, as `makers` says. Return the source
    of each price accepted.
    """
    pending = CurrentPrice.objects.filter(pending__status=Status.QUARANTINED)
    rows = list(pending.select_related("pending", "offer", "observation"))
    said = _said_by_offer([row.offer_id for row in rows])
    accepted = []
    left = []
    for row in rows:
        second = next((s for s in said[row.offer_id, row.measure] if _confirms(s, row)), None)
        if second is None:
            left.append(row)
            continue
        _confirm(row, second, "confirmed by a second source", at)
        accepted.append(row.source)
    followed = makers.confirmations(left)
    for row in left:
        if row.pk in followed:
            _confirm(row, followed[row.pk], "moved with its maker's price, by another source", at)
            accepted.append(row.source)
    return accepted


def _confirm(row: CurrentPrice, second: Observation, reason: str, at: datetime) -> None:
    evidence = f"observation {second.pk} of {second.source}: {_said(second)}"
    decide(row, Status.ACCEPTED, at=at, reason=reason, evidence=evidence)


@transaction.atomic
def accept(*, price: CurrentPrice, by: str, reason: str, at: datetime) -> Observation:
    """Let a waiting price into the book on a person's word; `reason` is kept with it."""
    waits = _still_waiting(price, reason)
    if waits.pending is None or not waits.pending.currency:
        raise NotAllowed("Its currency is not known. Say in which currency the provider writes.")
    return _judged("price accepted", waits, Status.ACCEPTED, at=at, reason=reason, by=by)


@transaction.atomic
def reject(*, price: CurrentPrice, by: str, reason: str, at: datetime) -> Observation:
    """Refuse a waiting price. The same price again adds nothing; another one is judged anew."""
    waits = _still_waiting(price, reason)
    return _judged("price rejected", waits, Status.REJECTED, at=at, reason=reason, by=by)


def _judged(
    what: str, row: CurrentPrice, status: str, *, at: datetime, reason: str, by: str
) -> Observation:
    before = {"amount": _said(row.observation)} if row.observation else None
    decided = decide(row, status, at=at, reason=reason, by=by)
    after = {"amount": _said(decided), "measure": row.measure, "source": row.source}
    audit.write(
        what,
        by=by,
        at=at,
        subject=row.offer,
        before=before,
        after={**after, "reason": reason, "observation": decided.pk},
    )
    return decided


def _still_waiting(price: CurrentPrice, reason: str) -> CurrentPrice:
    if not reason.strip():
        raise NotAllowed("Say why: the reason is kept with the price.")
    locked = CurrentPrice.objects.select_for_update(of=("self",)).select_related(
        "offer", "pending", "observation"
    )
    waits = locked.get(pk=price.pk)
    if waits.pending_id != price.pending_id or waits.pending is None:
        raise NotAllowed("This price has changed since the page was shown.")
    if waits.pending.status != Status.QUARANTINED:
        raise NotAllowed("Somebody decided this already.")
    return waits


def decide(
    row: CurrentPrice,
    status: str,
    *,
    at: datetime,
    reason: str,
    by: str = "",
    evidence: str = "",
    code: str = "",
) -> Observation:
    """Append the decision as an observation of its own; what was seen stays as it was seen.

    `code` is the currency where the seller's was not known when it was seen.
    """
    seen = row.pending
    if seen is None:
        raise NotAllowed("Nothing waits here.")
    decided = Observation.objects.create(
        offer_id=seen.offer_id,
        measure=seen.measure,
        amount=seen.amount,
        currency=code or seen.currency,
        unit=seen.unit,
        source=seen.source,
        source_revision=seen.source_revision,
        source_url=seen.source_url,
        # The price has held since it was seen; only the doubt ends now.
        seen_at=max(at, seen.seen_at),
        valid_from=seen.valid_from,
        valid_until=seen.valid_until,
        status=status,
        reason=reason[:500],
        refers_to=seen,
        decided_by=by,
        evidence=evidence,
    )
    accepted = status == Status.ACCEPTED
    moved = {"observation": decided, "pending": None} if accepted else {"pending": decided}
    CurrentPrice.objects.filter(pk=row.pk, pending=seen).update(**moved)
    return decided


def _said(observation: Observation) -> str:
    amount = "unknown" if observation.amount is None else plain(observation.amount)
    return f"{amount} {observation.currency}"


def _said_by_offer(offer_ids: list[int]) -> dict[tuple[int, str], list[Observation]]:
    said: dict[tuple[int, str], list[Observation]] = defaultdict(list)
    rows = CurrentPrice.objects.filter(offer_id__in=offer_ids, for_team_id__isnull=True)
    for row in rows.select_related("observation", "pending"):
        said[row.offer_id, row.measure] += [
            o for o in (row.observation, row.pending) if o is not None
        ]
    return said


def _confirms(said: Observation, row: CurrentPrice) -> bool:
    waits = row.pending
    return (
        waits is not None
        and said.source != row.source
        and said.status in (Status.ACCEPTED, Status.QUARANTINED)
        and said.currency == waits.currency != ""
        and said.amount is not None
        and waits.amount is not None
        and not differs(said.amount, waits.amount)
    )
