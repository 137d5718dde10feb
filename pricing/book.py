"""How is the price book read for a pull, and how is what changed written into it?

Called inside one transaction per pull. Everything goes in bulk: a first answer has thousands of rows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from pricing import bulk
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
# The columns that a pull writes, in the order of the rows below; an offer's texts with their lengths.
_OBSERVED = (
    "id", "offer_id", "measure", "amount", "currency", "unit", "source", "source_revision",
    "source_url", "seen_at", "valid_from", "valid_until", "status", "reason", "refers_to_id",
    "decided_by", "evidence",
)  # fmt: skip
_POINTER = ("offer_id", "measure", "source", "observation_id", "pending_id")
_OFFERED = {
    "key": 400, "kind": 5, "provider": 60, "host": 60, "model": 120, "source_name": 200,
    "family": 60, "weights": 7, "quantization": 20, "region": 60, "gpu": 60, "gpu_is_known": 0,
    "gpu_count": 0, "mode": 10, "term_months": 0, "is_alias": 0,
}  # fmt: skip


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
    keys = [change.quote.thing.key for change in changes]
    things = {key: change.quote.thing for key, change in zip(keys, changes, strict=True)}
    offer_ids = _offer_ids(things, known)
    ids = bulk.next_ids(Observation, len(changes))
    rows = [
        _observation(i, offer_ids[key], change, seen)
        for i, key, change in zip(ids, keys, changes, strict=True)
    ]
    bulk.insert(Observation, _OBSERVED, rows)
    if not moves_pointers:
        return
    new: list[tuple[Any, ...]] = []
    moved: list[tuple[int | None, int | None, int]] = []
    for observation_id, key, change in zip(ids, keys, changes, strict=True):
        if not change.moves:
            continue
        quote = change.quote
        was = known.get((key, quote.measure))
        accepted = change.status == ACCEPTED
        held = observation_id if accepted else was.observation_id if was else None
        pending = None if accepted else observation_id
        if was is not None and was.pointer_id is not None:
            moved.append((held, pending, was.pointer_id))
        else:
            new.append((offer_ids[key], quote.measure, seen.source, held, pending))
    bulk.insert(CurrentPrice, _POINTER, new)
    bulk.update(CurrentPrice, ("observation_id", "pending_id"), moved)


def withdraw(
    keys: Iterable[Key], *, seen: Sighting, known: Mapping[Key, Known], moves_pointers: bool
) -> int:
    """Append that prices are no longer listed. Each keeps its last amount; none becomes 0."""
    gone = [(key[1], known[key]) for key in keys]
    ids = bulk.next_ids(Observation, len(gone))
    rows = [_withdrawn(i, measure, was, seen) for i, (measure, was) in zip(ids, gone, strict=True)]
    bulk.insert(Observation, _OBSERVED, rows)
    if moves_pointers:
        moved = [(i, was.pending_id, was.pointer_id) for i, (_, was) in zip(ids, gone, strict=True)]
        bulk.update(CurrentPrice, ("observation_id", "pending_id"), moved)
    return len(gone)


def _offer_ids(things: Mapping[str, Thing], known: Mapping[Key, Known]) -> dict[str, int]:
    """Return the id of each thing's offer; store the offers that are new."""
    found = {key: was.offer_id for (key, _), was in known.items() if key in things}
    missing = [key for key in things if key not in found]
    found |= _stored_ids(missing)
    new = [key for key in missing if key not in found]
    if new:
        families = Families()
        # Another source may be storing the same offer at this moment: then its row is the one.
        rows = [_offer(key, things[key], families) for key in new]
        bulk.insert(Offer, list(_OFFERED), rows, skip_known="key")
        found |= _stored_ids(new)
    return found


def _stored_ids(keys: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(keys), _BATCH):
        part = Offer.objects.filter(key__in=keys[start : start + _BATCH])
        found.update(part.order_by().values_list("key", "pk"))
    return found


def _offer(key: str, thing: Thing, families: Families) -> tuple[Any, ...]:
    family, weights = "", thing.weights
    if thing.kind == TOKEN:
        family, known = families.of(thing.model)
        weights = thing.weights if known == Offer.Weights.UNKNOWN else known
    values = {**thing._asdict(), "key": key, "family": family, "weights": weights}
    return tuple(
        bulk.text(values[name], longest) if longest else values[name]
        for name, longest in _OFFERED.items()
    )


def _observation(
    observation_id: int, offer_id: int, change: Change, seen: Sighting
) -> tuple[Any, ...]:
    """Return the values of `_OBSERVED`."""
    quote = change.quote
    return (
        observation_id,
        offer_id,
        quote.measure,
        storable(quote.amount),
        quote.currency,
        quote.unit,
        seen.source,
        seen.revision,
        bulk.text(quote.url or seen.url, 500),
        bulk.moment(seen.seen_at),
        bulk.moment(quote.valid_from),
        bulk.moment(quote.valid_until),
        change.status,
        bulk.text(change.reason, 500),
        None,
        "",
        "",
    )


def _withdrawn(observation_id: int, measure: str, was: Known, seen: Sighting) -> tuple[Any, ...]:
    """Return the values of `_OBSERVED`: the last amount, no longer sold."""
    return (
        observation_id,
        was.offer_id,
        measure,
        was.amount,
        was.currency,
        was.unit,
        seen.source,
        seen.revision,
        bulk.text(seen.url, 500),
        bulk.moment(seen.seen_at),
        None,
        None,
        WITHDRAWN,
        "no longer listed by the source",
        was.observation_id,
        "",
        "",
    )
