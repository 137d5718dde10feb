"""How does a team put a price of its own into the book, one that only it may see?"""

from copy import copy
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from pricing import currency, gpus, names
from pricing.families import Families
from pricing.models import CurrentPrice, Observation, Offer
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


@transaction.atomic
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
    source_url: str = "",
) -> list[Observation]:
    """Append a team's quote, one observation for each measure, and make it the team's price.

    For a stored offer, or for `terms` that describe what nobody else lists. Raises NotAllowed.
    """
    _check(amounts, currency_code, at=at, valid_from=valid_from, valid_until=valid_until)
    if offer is None:
        offer = _offer_for(terms, team_id)
    if offer.for_team_id not in (None, team_id):
        raise NotAllowed("offer", "This offer belongs to another team.")
    for measure in amounts:
        _check_measure(offer, measure)
    said = Observation(
        offer=offer,
        currency=currency_code,
        source=QUOTE,
        source_url=source_url,
        seen_at=at,
        valid_from=valid_from,
        valid_until=valid_until,
        status=Observation.Status.ACCEPTED,
        decided_by=by,
        for_team_id=team_id,
        evidence=evidence,
    )
    return [_append(said, measure, amount) for measure, amount in amounts.items()]


def _append(said: Observation, measure: str, amount: Decimal) -> Observation:
    observation = copy(said)
    observation.measure = measure
    observation.amount = amount
    observation.unit = UNITS.get(Observation.Measure(measure), Observation.Unit.MTOK)
    observation.save(force_insert=True)
    CurrentPrice.objects.update_or_create(
        offer=observation.offer,
        measure=measure,
        source=QUOTE,
        for_team_id=observation.for_team_id,
        defaults={"observation": observation, "pending": None},
    )
    return observation


def _check(
    amounts: dict[str, Decimal],
    currency_code: str,
    *,
    at: datetime,
    valid_from: datetime | None,
    valid_until: datetime | None,
) -> None:
    if not amounts:
        raise NotAllowed("amount", "Give at least one price.")
    for amount in amounts.values():
        if not amount.is_finite() or amount <= 0:
            raise NotAllowed("amount", "A price is above 0. Leave out what is unknown.")
        if amount >= Decimal("1e9"):
            raise NotAllowed("amount", "That is more than a thousand million.")
    if currency_code not in currency.known_currencies():
        raise NotAllowed("currency", f"“{currency_code}” has no stored exchange rate.")
    if valid_until is not None and valid_until <= at:
        raise NotAllowed("valid_until", "This day is past: the quote would end before it begins.")
    if valid_from is not None and valid_until is not None and valid_from >= valid_until:
        raise NotAllowed("valid_until", "The quote ends before it begins.")


def _check_measure(offer: Offer, measure: str) -> None:
    is_token = UNITS.get(Observation.Measure(measure)) is None
    if is_token != (offer.kind == Offer.Kind.TOKEN):
        raise NotAllowed("amount", f"{offer} is not paid by {measure.replace('_', ' ')}.")
    if (measure == Observation.Measure.GPU_PURCHASE) != (offer.mode == PURCHASE):
        raise NotAllowed("mode", "Bought GPUs have a purchase price; all others a price per hour.")


def _offer_for(terms: Terms | None, team_id: int) -> Offer:
    """Return the team's own offer on these terms, stored at the first quote for it."""
    if terms is None:
        raise NotAllowed("offer", "Say what the quote is for.")
    thing = _thing(terms)
    key = f"team-{team_id}|{thing.key}"[:400]
    fields = {**thing._asdict(), "for_team_id": team_id}
    if thing.kind == TOKEN:
        fields["family"], fields["weights"] = Families().of(thing.model)
    offer, _ = Offer.objects.get_or_create(key=key, defaults=fields)
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
