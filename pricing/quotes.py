"""How does a team put a price of its own into the book, one that only it may see?"""

from collections.abc import Collection, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from pricing import audit, currency, gpus, names
from pricing.families import Families
from pricing.models import CurrentPrice, EvidenceFile, Observation, Offer
from pricing.queries import QUOTE
from pricing.things import GPU, PURCHASE, RESERVED, SERVERLESS, TOKEN, Thing


class NotAllowed(Exception):
    """The quote is refused; `field` names what to correct."""

    def __init__(self, field: str, says: str) -> None:
        super().__init__(says)
        self.field = field


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a quote is for: a model's tokens at a host, or GPUs on some terms."""

    kind: str
    provider: str
    model: str = ""
    gpu: str = ""
    gpu_count: int = 1
    mode: str = SERVERLESS
    term_months: int = 0
    region: str = ""
    quantization: str = ""


UNITS = {
    Observation.Measure.GPU_HOUR: Observation.Unit.GPU_HOUR,
    Observation.Measure.GPU_PURCHASE: Observation.Unit.GPU,
}
_BATCH = 1000


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One quote: prices by measure, for a stored offer or on terms that nobody else lists."""

    amounts: dict[str, Decimal]
    currency_code: str
    offer: Offer | None = None
    terms: Terms | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    evidence: str = ""
    source_url: str = ""


def add(
    *,
    team_id: int,
    offer: Offer | None = None,
    terms: Terms | None = None,
    amounts: dict[str, Decimal],
    currency_code: str,
    by: str,
    at: datetime,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    evidence: str = "",
    evidence_file: EvidenceFile | None = None,
    source_url: str = "",
) -> list[Observation]:
    """Append a team's quote, one observation for each measure, and make it the team's price.

    For a stored offer, or for `terms` that describe what nobody else lists. Raises NotAllowed.
    """
    entry = Entry(
        amounts=amounts,
        currency_code=currency_code,
        offer=offer,
        terms=terms,
        valid_from=valid_from,
        valid_until=valid_until,
        evidence=evidence,
        source_url=source_url,
    )
    return add_all([entry], team_id=team_id, by=by, at=at, evidence_file=evidence_file)


@transaction.atomic
def add_all(
    entries: Sequence[Entry],
    *,
    team_id: int,
    by: str,
    at: datetime,
    evidence_file: EvidenceFile | None = None,
) -> list[Observation]:
    """Append many quotes of a team with a constant number of queries, all or none.

    Raises NotAllowed for the first that is not to be had.
    """
    known = set(currency.known_currencies())
    for entry in entries:
        check(entry, team_id=team_id, at=at, currencies=known)
    offers = _offers_for(entries, team_id)
    said = [
        _observation(entry, offer, measure, team_id=team_id, by=by, at=at, file=evidence_file)
        for entry, offer in zip(entries, offers, strict=True)
        for measure in entry.amounts
    ]
    stored = Observation.objects.bulk_create(said, batch_size=_BATCH)
    _point_to(stored, team_id)
    return stored


@transaction.atomic
def end(*, team_id: int, offer: Offer, by: str, reason: str, at: datetime) -> int:
    """End a team's quote for an offer now; return how many prices ended.

    What was quoted stays in the history: the end is an observation of its own. Raises NotAllowed.
    """
    if not reason.strip():
        raise NotAllowed("reason", "Say why: the reason is kept with the quote.")
    held = CurrentPrice.objects.select_for_update(of=("self",)).filter(
        offer=offer, source=QUOTE, for_team_id=team_id, observation__isnull=False
    )
    ended = []
    for row in held.select_related("observation"):
        quote = row.observation
        if quote is not None and (quote.valid_until is None or quote.valid_until > at):
            ended.append(_ended(quote, by=by, reason=reason, at=at))
    if not ended:
        raise NotAllowed("offer", "No quote of this team holds for it any more.")
    _point_to(Observation.objects.bulk_create(ended), team_id)
    audit.write(
        "quote ended",
        by=by,
        at=at,
        subject=offer,
        after={"offer": str(offer), "team": team_id, "reason": reason.strip()},
    )
    return len(ended)


def current(team_id: int) -> list[CurrentPrice]:
    """Return a team's quotes that were not ended, with what they are for, the newest first."""
    rows = CurrentPrice.objects.filter(
        source=QUOTE, for_team_id=team_id, observation__isnull=False
    ).select_related("offer", "observation__evidence_file")
    return list(rows.order_by("-observation__seen_at", "offer_id", "pk"))


def _ended(quote: Observation, *, by: str, reason: str, at: datetime) -> Observation:
    closed = copy(quote)
    closed.pk, closed._state.adding = None, True
    closed.seen_at = max(at, quote.seen_at)
    closed.valid_from = min(quote.valid_from, at) if quote.valid_from else None
    closed.valid_until = at
    closed.refers_to = quote
    closed.decided_by, closed.reason = by, reason.strip()[:500]
    return closed


def _observation(
    entry: Entry,
    offer: Offer,
    measure: str,
    *,
    team_id: int,
    by: str,
    at: datetime,
    file: EvidenceFile | None,
) -> Observation:
    return Observation(
        offer=offer,
        measure=measure,
        amount=entry.amounts[measure],
        unit=unit_of(measure),
        currency=entry.currency_code,
        source=QUOTE,
        source_url=entry.source_url,
        seen_at=at,
        valid_from=entry.valid_from,
        valid_until=entry.valid_until,
        status=Observation.Status.ACCEPTED,
        decided_by=by,
        for_team_id=team_id,
        evidence=entry.evidence,
        evidence_file=file,
    )


def _point_to(stored: list[Observation], team_id: int) -> None:
    """Make these the team's prices; of two for the same thing the later one."""
    held = CurrentPrice.objects.select_for_update(of=("self",)).filter(
        source=QUOTE, for_team_id=team_id
    )
    pointers = {(row.offer_id, row.measure): row for row in held}
    moved: dict[int, CurrentPrice] = {}
    new: dict[tuple[int, str], CurrentPrice] = {}
    for seen in stored:
        key = (seen.offer_id, seen.measure)
        row = pointers.get(key) or new.get(key)
        if row is None:
            row = new[key] = CurrentPrice(
                offer_id=seen.offer_id, measure=seen.measure, source=QUOTE, for_team_id=team_id
            )
        elif row.pk:
            moved[row.pk] = row
        row.observation, row.pending = seen, None
    CurrentPrice.objects.bulk_update(
        moved.values(), ["observation", "pending"], batch_size=_BATCH // 4
    )
    CurrentPrice.objects.bulk_create(new.values(), batch_size=_BATCH)


def check(entry: Entry, *, team_id: int, at: datetime, currencies: Collection[str]) -> None:
    """Raise NotAllowed, naming the field, when a quote cannot stand as it is. Asks no database."""
    if entry.offer is not None and entry.offer.for_team_id not in (None, team_id):
        raise NotAllowed("offer", "This offer belongs to another team.")
    thing = thing_of(entry)
    _check(
        entry.amounts,
        entry.currency_code,
        at=at,
        valid_from=entry.valid_from,
        valid_until=entry.valid_until,
        currencies=currencies,
    )
    for measure in entry.amounts:
        _check_measure(measure, thing)


def thing_of(entry: Entry) -> Thing:
    """Return the thing that a quote is for. Raises NotAllowed when its terms name none."""
    if entry.offer is not None:
        return Thing(**{name: getattr(entry.offer, name) for name in Thing._fields})
    if entry.terms is None:
        raise NotAllowed("offer", "Say what the quote is for.")
    return _thing(entry.terms)


def unit_of(measure: str) -> str:
    """Return what an amount of the measure buys."""
    return str(UNITS.get(Observation.Measure(measure), Observation.Unit.MTOK))


def _check(
    amounts: dict[str, Decimal],
    currency_code: str,
    *,
    at: datetime,
    valid_from: datetime | None,
    valid_until: datetime | None,
    currencies: Collection[str],
) -> None:
    if not amounts:
        raise NotAllowed("amount", "Give at least one price.")
    for amount in amounts.values():
        if not amount.is_finite() or amount <= 0:
            raise NotAllowed("amount", "A price is above 0. Leave out what is unknown.")
        if amount >= Decimal("1e9"):
            raise NotAllowed("amount", "That is more than a thousand million.")
    if currency_code not in currencies:
        raise NotAllowed("currency", f"“{currency_code}” has no stored exchange rate.")
    if valid_until is not None and valid_until <= at:
        raise NotAllowed("valid_until", "This day is past: the quote would end before it begins.")
    if valid_from is not None and valid_until is not None and valid_from >= valid_until:
        raise NotAllowed("valid_until", "The quote ends before it begins.")


def _check_measure(measure: str, thing: Thing) -> None:
    is_token = UNITS.get(Observation.Measure(measure)) is None
    if is_token != (thing.kind == TOKEN):
        raise NotAllowed(
            "amount", f"{thing.model or thing.gpu} is not paid by {measure.replace('_', ' ')}."
        )
    if (measure == Observation.Measure.GPU_PURCHASE) != (thing.mode == PURCHASE):
        raise NotAllowed("mode", "Bought GPUs have a purchase price; all others a price per hour.")


def _offers_for(entries: Sequence[Entry], team_id: int) -> list[Offer]:
    """Return the offer of each entry. What everybody lists is that offer; else the team's own."""
    things = {n: _thing(e.terms) for n, e in enumerate(entries) if e.terms and e.offer is None}
    keys = {thing.key[:400] for thing in things.values()}
    own = {key: f"team-{team_id}|{key}"[:400] for key in keys}
    found = _stored([*keys, *own.values()])
    new: dict[str, Offer] = {}
    families = Families()
    for thing in things.values():
        key = thing.key[:400]
        if key not in found and own[key] not in found:
            new[own[key]] = _own_offer(own[key], thing, team_id, families)
    # Somebody else may store the same one at this moment: then that row is the one.
    Offer.objects.bulk_create(new.values(), ignore_conflicts=True, batch_size=_BATCH)
    found |= _stored(list(new))
    return [
        entry.offer or found.get(things[n].key[:400]) or found[own[things[n].key[:400]]]
        for n, entry in enumerate(entries)
    ]


def _stored(keys: list[str]) -> dict[str, Offer]:
    return {offer.key: offer for offer in Offer.objects.filter(key__in=keys).order_by()}


def _own_offer(key: str, thing: Thing, team_id: int, families: Families) -> Offer:
    offer = Offer(key=key, **thing._asdict(), for_team_id=team_id)
    if thing.kind == TOKEN:
        offer.family, offer.weights = families.of(thing.model)
    return offer


def _thing(terms: Terms) -> Thing:
    if not terms.provider.strip():
        raise NotAllowed("provider", "Name who sells it.")
    provider = terms.provider.strip().lower()[:60]
    if terms.kind == GPU:
        return _gpu_thing(terms, provider)
    read = names.read(terms.model.strip())
    if not read.model:
        raise NotAllowed("model", "Name the model.")
    return Thing(
        kind=TOKEN,
        provider=provider,
        host=provider,
        mode=SERVERLESS,
        model=read.model[:120],
        source_name=terms.model.strip()[:200],
        quantization=terms.quantization or read.quantization,
        region=terms.region,
    )


def _gpu_thing(terms: Terms, provider: str) -> Thing:
    if not terms.gpu.strip():
        raise NotAllowed("gpu", "Name the GPU.")
    if terms.gpu_count < 1:
        raise NotAllowed("gpu_count", "At least one GPU.")
    if terms.mode == RESERVED and terms.term_months < 1:
        raise NotAllowed("term_months", "A reservation has a term of at least one month.")
    found = gpus.find(terms.gpu)
    return Thing(
        kind=GPU,
        provider=provider,
        host=provider,
        mode=terms.mode,
        gpu=found.name if found else terms.gpu.strip()[:60],
        gpu_is_known=found is not None,
        gpu_count=terms.gpu_count,
        term_months=terms.term_months if terms.mode == RESERVED else 0,
        region=terms.region,
    )
