"""How long is a record kept, what holds it longer, and how does it leave when its time is over?

The database itself refuses to delete a record before its date or under a legal hold. What leaves
stays in the audit trail with its digests, so that a copy can still be proven.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from decisions import audit, stores
from decisions.models import LegalHold, Record, Snapshot, User


class Refused(Exception):
    """A hold that cannot be set or lifted; the text says why."""


def retain_until(signed_at: datetime) -> date:
    """Return the last day on which a record that is signed now has to be kept (UTC)."""
    day = signed_at.astimezone(UTC).date()
    year = day.year + settings.RECORD_RETENTION_YEARS
    try:
        return day.replace(year=year)
    except ValueError:
        # The 29th of February.
        return date(year, 3, 1)


def standing_hold(record_id: str) -> LegalHold | None:
    """Return the legal hold that stands on a record, or None."""
    return LegalHold.objects.filter(record_id=record_id, lifted_at=None).first()


def held_among(record_ids: Sequence[str]) -> set[str]:
    """Return those of the records on which a legal hold stands."""
    found = LegalHold.objects.filter(record_id__in=record_ids, lifted_at=None)
    return set(found.values_list("record_id", flat=True))


def hold(snapshot: Snapshot, *, because: str, by: User, at: datetime) -> LegalHold:
    """Keep a record beyond its date until the hold is lifted. Raises Refused when one stands."""
    try:
        with _noted("legal hold set", snapshot, because=because, by=by, at=at):
            return LegalHold.objects.create(
                record_id=snapshot.record_id,
                because=because,
                set_by_name=by.get_full_name(),
                set_at=at,
            )
    except IntegrityError as error:
        raise Refused("A legal hold stands on this record already.") from error


def lift(snapshot: Snapshot, *, because: str, by: User, at: datetime) -> None:
    """Lift the hold that stands on a record. Raises Refused where there is none."""
    with _noted("legal hold lifted", snapshot, because=because, by=by, at=at):
        changed = LegalHold.objects.filter(record_id=snapshot.record_id, lifted_at=None).update(
            lifted_because=because, lifted_by_name=by.get_full_name(), lifted_at=at
        )
        if not changed:
            raise Refused("No legal hold stands on this record any more.")


@contextmanager
def _noted(
    what: str, snapshot: Snapshot, *, because: str, by: User, at: datetime
) -> Iterator[None]:
    with transaction.atomic():
        yield
        audit.write(
            what,
            by=by,
            at=at,
            subject=snapshot,
            team=snapshot.team_name,
            after={"record_id": snapshot.record_id, "because": because},
        )


def expired(*, today: date) -> QuerySet[Snapshot]:
    """Return the records whose time is over and that nobody holds."""
    held = LegalHold.objects.filter(record_id=OuterRef("record_id"), lifted_at=None)
    return Snapshot.objects.filter(retain_until__lt=today).exclude(Exists(held))


def delete_expired(*, by: str, at: datetime) -> list[str]:
    """Delete what `expired` finds; return the ids. The trail keeps the digests of each."""
    found = expired(today=at.astimezone(UTC).date()).defer("record_json").order_by("pk")
    return [_delete(snapshot, by=by, at=at) for snapshot in found]


def _delete(snapshot: Snapshot, *, by: str, at: datetime) -> str:
    with transaction.atomic():
        record = Record.objects.filter(snapshot=snapshot).defer("pdf").first()
        audit.write(
            "record deleted after its time",
            by=by,
            at=at,
            subject=snapshot,
            team=snapshot.team_name,
            before={
                "record_id": snapshot.record_id,
                "signed_at": snapshot.signed_at.isoformat(),
                "retain_until": str(snapshot.retain_until),
                "sha256": snapshot.sha256,
                "pdf_sha256": record.pdf_sha256 if record else "",
            },
        )
        Record.objects.filter(snapshot=snapshot).delete()
        Snapshot.objects.filter(pk=snapshot.pk).delete()
        if record and record.kept_at:
            # Undone with the rows when the store refuses.
            stores.discard(record.kept_at)
    return snapshot.record_id
