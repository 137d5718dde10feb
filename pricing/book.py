"""How is the price book read for a pull, and how is what changed written into it?

Called inside one transaction per pull. Everything goes in bulk: a first answer has thousands of rows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection

from pricing.families import Families
from pricing.models import CurrentPrice, Observation, Offer
from pricing.things import TOKEN, Thing
from pricing.weigh import ACCEPTED, WITHDRAWN, Change, Key, Known, storable

# In the order of the fields of Known, after the two that make the key.
_KNOWN_FIELDS = (
    "offer_id", "offer__provider", "pk", "observation_id", "observation__amount",
    "observation__currency", "observation__unit", "observation__valid_until",
    "observation__status", "pending_id", "pending__amount",
)  # fmt: skip
_BATCH = 2000


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """Where and when an answer was seen."""

    source: str
    revision: str
    url: str
    seen_at: datetime


def known_now(source: str) -> dict[Key, Known]:
    """Return what the source said last of every price, by offer key and measure."""
    pointers = CurrentPrice.objects.filter(source=source, for_team_id__isnull=True).order_by()
    rows = pointers.values_list("offer__key", "measure", *_KNOWN_FIELDS)
    return {(row[0], row[1]): Known(*row[2:]) for row in rows}


def known_at(source: str, at: datetime) -> dict[Key, Known]:
    """Return what the source had said at a past moment: for answers that are read in late."""
    rows = Observation.objects.filter(source=source, seen_at__lte=at, for_team_id__isnull=True)
    found: dict[Key, Known] = {}
    for row in rows.order_by("seen_at", "pk").select_related("offer"):
        key = (row.offer.key, row.measure)
        was = found.get(key, Known(row.offer_id, row.offer.provider))
        if row.status in (ACCEPTED, WITHDRAWN):
            found[key] = was._replace(
                observation_id=row.pk,
                amount=row.amount,
                currency=row.currency,
                unit=row.unit,
                valid_until=row.valid_until,
                status=row.status,
                pending_id=None,
                pending_amount=None,
            )
        else:
            found[key] = was._replace(pending_id=row.pk, pending_amount=row.amount)
    return found


def history(source: str) -> frozenset[tuple[str, str, datetime | None, Decimal | None]]:
    """Return the dated prices of the source that are stored already."""
    rows = Observation.objects.filter(source=source, for_team_id__isnull=True, status=ACCEPTED)
    return frozenset(rows.order_by().values_list("offer__key", "measure", "valid_from", "amount"))


def append(
    changes: list[Change], *, seen: Sighting, known: Mapping[Key, Known], moves_pointers: bool
) -> None:
    """Append an observation for each change and move the current prices to them."""
    offer_ids = _offer_ids({c.quote.thing.key: c.quote.thing for c in changes}, known)
    rows = Observation.objects.bulk_create(
        (_observation(change, offer_ids, seen) for change in changes), batch_size=_BATCH
    )
    if not moves_pointers:
        return
    new: list[CurrentPrice] = []
    moved: list[tuple[int | None, int | None, int]] = []
    for change, row in zip(changes, rows, strict=True):
        if change.moves:
            was = known.get((change.quote.thing.key, change.quote.measure))
            accepted = row.status == ACCEPTED
            held = row.pk if accepted else was.observation_id if was else None
            pending = None if accepted else row.pk
            if was is not None and was.pointer_id is not None:
                moved.append((held, pending, was.pointer_id))
            else:
                new.append(_pointer(row, held, pending))
    CurrentPrice.objects.bulk_create(new, batch_size=_BATCH)
    _move(moved)


def withdraw(
    keys: Iterable[Key], *, seen: Sighting, known: Mapping[Key, Known], moves_pointers: bool
) -> int:
    """Append that prices are no longer listed. Each keeps its last amount; none becomes 0."""
    gone = [(key[1], known[key]) for key in keys]
    rows = Observation.objects.bulk_create(
        (
            Observation(
                offer_id=was.offer_id,
                measure=measure,
                amount=was.amount,
                currency=was.currency,
                unit=was.unit,
                source=seen.source,
                source_revision=seen.revision,
                source_url=seen.url,
                seen_at=seen.seen_at,
                status=WITHDRAWN,
                reason="no longer listed by the source",
                refers_to_id=was.observation_id,
            )
            for measure, was in gone
        ),
        batch_size=_BATCH,
    )
    if moves_pointers:
        _move(
            (row.pk, was.pending_id, was.pointer_id or 0)
            for row, (_, was) in zip(rows, gone, strict=True)
        )
    return len(gone)


def _offer_ids(things: Mapping[str, Thing], known: Mapping[Key, Known]) -> dict[str, int]:
    """Return the id of each thing's offer; store the offers that are new."""
    found = {key: was.offer_id for (key, _), was in known.items() if key in things}
    missing = [key for key in things if key not in found]
    found |= _stored_ids(missing)
    families = Families()
    new = [_offer(things[key], families) for key in missing if key not in found]
    if new:
        # Another source may be storing the same offer at this moment: then its row is the one.
        Offer.objects.bulk_create(new, ignore_conflicts=True, batch_size=_BATCH)
        found |= _stored_ids([offer.key for offer in new])
    return found


def _stored_ids(keys: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(keys), _BATCH):
        part = Offer.objects.filter(key__in=keys[start : start + _BATCH])
        found.update(part.order_by().values_list("key", "pk"))
    return found


def _offer(thing: Thing, families: Families) -> Offer:
    offer = Offer(key=thing.key, **thing._asdict())
    if thing.kind == TOKEN:
        offer.family, known = families.of(thing.model)
        offer.weights = thing.weights if known == Offer.Weights.UNKNOWN else known
    return offer


def _observation(change: Change, offer_ids: Mapping[str, int], seen: Sighting) -> Observation:
    quote = change.quote
    return Observation(
        offer_id=offer_ids[quote.thing.key],
        measure=quote.measure,
        amount=storable(quote.amount),
        currency=quote.currency,
        unit=quote.unit,
        source=seen.source,
        source_revision=seen.revision,
        source_url=(quote.url or seen.url)[:500],
        seen_at=seen.seen_at,
        valid_from=quote.valid_from,
        valid_until=quote.valid_until,
        status=change.status,
        reason=change.reason[:500],
    )


def _pointer(row: Observation, held: int | None, pending: int | None) -> CurrentPrice:
    return CurrentPrice(
        offer_id=row.offer_id,
        measure=row.measure,
        source=row.source,
        observation_id=held,
        pending_id=pending,
    )


def _move(moved: Iterable[tuple[int | None, int | None, int]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE pricing_currentprice SET observation_id = %s, pending_id = %s WHERE id = %s",
            list(moved),
        )
