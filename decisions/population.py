"""Is the evidence complete: which reviews were due in a period, and what became of each?

The list is made of the reviews that are stored, of the signed records whose review went with its team
or decision, and of the decisions for which no review fell due. So nothing can be missing from it
unseen.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date
from typing import Any

from django.db.models import CharField, Count, F, Q, QuerySet
from django.db.models.functions import Cast
from django.utils import timezone

from decisions.models import Decision, Review, Snapshot

TeamIds = Collection[int] | None
"""Numbers of teams; None means every team, those that no longer exist included."""

SIGNED, LATE, MISSING, OPEN = "signed", "signed late", "missing", "not yet due"
ARCHIVED, NONE_DUE = "decision archived", "no review due"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One review that fell due in the period, or a decision without one. Days are UTC days."""

    team: str
    decision: str
    period: str
    due_on: str
    status: str
    signed_at: str
    prepared_by: str
    approved_by: str
    record_id: str


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many reviews were due, how many of those are signed (late ones included), late, missing."""

    due: int
    signed: int
    late: int
    missing: int
    not_yet_due: int


def rows(*, from_on: date, until_on: date, team_ids: TeamIds, today: date) -> list[Row]:
    """Return the population of a period: every review due from its first to its last day."""
    found = [
        *_of_reviews(from_on, until_on, team_ids, today),
        *_of_gone(from_on, until_on, team_ids),
        *_without(from_on, until_on, team_ids),
    ]
    return sorted(found, key=lambda row: (row.team, row.decision, row.due_on, row.period))


def count(found: Collection[Row]) -> Counts:
    """Count a population. Archived decisions and those without a review are not due.

    >>> count([])
    Counts(due=0, signed=0, late=0, missing=0, not_yet_due=0)
    """
    by_status = Counter(row.status for row in found)
    signed = by_status[SIGNED] + by_status[LATE]
    return Counts(
        due=signed + by_status[MISSING] + by_status[OPEN],
        signed=signed,
        late=by_status[LATE],
        missing=by_status[MISSING],
        not_yet_due=by_status[OPEN],
    )


def counted(*, from_on: date, until_on: date, team_ids: TeamIds, today: date) -> Counts:
    """Return `count(rows(…))`, counted by the database: for a page over very many reviews."""
    reviews = Review.objects.filter(due_on__range=(from_on, until_on))
    if team_ids is not None:
        reviews = reviews.filter(decision__team__in=team_ids)
    late = Q(signed_at__date__gt=F("due_on"))
    with timezone.override(UTC):
        live = reviews.exclude(signed_at=None, decision__archived_at__date__lte=F("due_on"))
        stored = live.aggregate(
            due=Count("pk"),
            signed=Count("pk", filter=Q(signed_at__isnull=False)),
            late=Count("pk", filter=late),
            missing=Count("pk", filter=Q(signed_at=None, due_on__lt=today)),
        )
        gone = _gone(from_on, until_on, team_ids).aggregate(
            signed=Count("pk"), late=Count("pk", filter=late)
        )
    return Counts(
        due=stored["due"] + gone["signed"],
        signed=stored["signed"] + gone["signed"],
        late=stored["late"] + gone["late"],
        missing=stored["missing"],
        not_yet_due=stored["due"] - stored["signed"] - stored["missing"],
    )


def plain(found: Collection[Row]) -> list[dict[str, str]]:
    """Return the rows for a file."""
    return [asdict(row) for row in found]


def _of_reviews(from_on: date, until_on: date, team_ids: TeamIds, today: date) -> Iterator[Row]:
    reviews = Review.objects.filter(due_on__range=(from_on, until_on))
    if team_ids is not None:
        reviews = reviews.filter(decision__team__in=team_ids)
    signed = Snapshot.objects.filter(review_id_text__in=_keys(reviews))
    record_ids = dict(signed.values_list("review_id_text", "record_id"))
    for review in reviews.select_related("decision__team"):
        yield Row(
            team=review.decision.team.name,
            decision=review.decision.name,
            period=review.period,
            due_on=review.due_on.isoformat(),
            status=_status(review, today=today),
            signed_at=review.signed_at.isoformat() if review.signed_at else "",
            prepared_by=review.submitted_by_name,
            approved_by=review.signed_by_name,
            record_id=record_ids.get(str(review.pk), ""),
        )


def _status(review: Review, *, today: date) -> str:
    if review.signed_at is not None:
        return LATE if review.signed_at.date() > review.due_on else SIGNED
    archived = review.decision.archived_at
    if archived is not None and archived.date() <= review.due_on:
        return ARCHIVED
    return MISSING if review.due_on < today else OPEN


def _of_gone(from_on: date, until_on: date, team_ids: TeamIds) -> Iterator[Row]:
    """Return the records whose review is gone: they say themselves when it was due."""
    for snapshot in _gone(from_on, until_on, team_ids).defer("record_json").iterator(500):
        due = str(snapshot.due_on)
        yield Row(
            team=snapshot.team_name,
            decision=snapshot.decision_name,
            period=snapshot.period,
            due_on=due,
            status=LATE if snapshot.signed_at.date().isoformat() > due else SIGNED,
            signed_at=snapshot.signed_at.isoformat(),
            prepared_by=snapshot.prepared_by,
            approved_by=snapshot.approved_by,
            record_id=snapshot.record_id,
        )


def _gone(from_on: date, until_on: date, team_ids: TeamIds) -> QuerySet[Snapshot]:
    found = _snapshots(team_ids).filter(due_on__range=(from_on, until_on))
    return found.exclude(review_id_text__in=_keys(Review.objects.all()))


def _keys(reviews: QuerySet[Review]) -> Any:
    keyed = reviews.order_by().annotate(key=Cast("pk", CharField()))
    return keyed.values("key")


def _snapshots(team_ids: TeamIds) -> QuerySet[Snapshot]:
    if team_ids is None:
        return Snapshot.objects.all()
    return Snapshot.objects.filter(team_id_text__in=[str(pk) for pk in team_ids])


def _without(from_on: date, until_on: date, team_ids: TeamIds) -> Iterator[Row]:
    """Return the decisions that were live in the period and had no review due in it."""
    live = Decision.objects.filter(
        Q(archived_at=None) | Q(archived_at__date__gte=from_on), created_at__date__lte=until_on
    )
    if team_ids is not None:
        live = live.filter(team__in=team_ids)
    due = Review.objects.filter(due_on__range=(from_on, until_on)).values("decision")
    for decision in live.exclude(pk__in=due).select_related("team"):
        yield Row(
            team=decision.team.name,
            decision=decision.name,
            period="",
            due_on="",
            status=NONE_DUE,
            signed_at="",
            prepared_by="",
            approved_by="",
            record_id="",
        )
