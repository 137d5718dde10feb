"""What exactly is asked of the evaluation: a decision's figures, with the price of each option.

A figure that the team typed in stands. Any other price is read from the price book, for this team,
converted at the European Central Bank's rate, and kept with its source and date.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Max
from django.utils import timezone

from decisions import own_models
from decisions.models import Decision, Option, ReliabilityPart
from pricing import currency, queries
from pricing.things import plain

# Which field of the evaluation each measure of the price book fills.
TOKEN_FIELDS = {
    "input": "input_per_mtok",
    "output": "output_per_mtok",
    "cached_input": "cached_input_per_mtok",
}
GPU_FIELDS = {"gpu_hour": "price_per_gpu_hour", "gpu_purchase": "purchase_per_gpu"}
TYPED_PRICES = (*TOKEN_FIELDS.values(), *GPU_FIELDS.values(), "monthly_cost")
WORKLOAD_FIELDS = (
    "input_tokens_per_month",
    "output_tokens_per_month",
    "cached_input_share",
    "batch_share",
    "mean_input_tokens",
    "mean_output_tokens",
    "peak_to_mean",
    "hourly_tokens",
    "peak_concurrent_requests",
    "growth_per_month",
    "ttft_ms",
    "tpot_ms",
    "availability",
)
# Enough for a price per million tokens; floats print these digits exactly.
PLACES = Decimal("0.00000001")


@dataclass(frozen=True, kw_only=True)
class PriceUsed:
    """One price that the evaluation used, and where it comes from."""

    option: str
    field: str
    amount: Decimal
    currency: str
    unit: str
    origin: str
    source: str = ""
    source_url: str = ""
    seen_at: datetime | None = None
    observation_id: int | None = None
    amount_in_decision_currency: Decimal | None = None
    rate: Decimal | None = None
    rate_date: str = ""
    is_spot: bool = False
    is_stale: bool = False
    is_withdrawn: bool = False
    # What other sources say, where they differ by more than 2 %: "genai_prices: 1.04 USD".
    disputed_by: tuple[str, ...] = ()
    # Of those, the dearest was taken, since this option would win.
    is_dearest: bool = False
    valid_until: datetime | None = None
    # When its source last said so; None for what the team typed in or was quoted.
    checked_at: datetime | None = None
    # The stored price that it is: an offer and what of it.
    offer_id: int | None = None
    measure: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values: amounts as text, times in UTC."""
        plain = asdict(self)
        # The first moves with every pull, and an observation says the others.
        for name in ("checked_at", "offer_id", "measure"):
            del plain[name]
        for name in ("amount", "amount_in_decision_currency", "rate"):
            plain[name] = None if plain[name] is None else format(plain[name].normalize(), "f")
        for name in ("seen_at", "valid_until"):
            plain[name] = None if plain[name] is None else plain[name].isoformat()
        plain["disputed_by"] = list(self.disputed_by)
        return plain


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question in the evaluation's own form, its prices, and what is missing, in words."""

    raw: dict[str, Any]
    prices: list[PriceUsed] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    offer_ids: list[int] = field(default_factory=list)
    doubted: frozenset[str] = frozenset()
    # Which measures of each stored offer had a price.
    measures: dict[int, list[str]] = field(default_factory=dict)


def ask(
    decision: Decision,
    *,
    at: datetime | None = None,
    also: Sequence[Option] = (),
    doubted: frozenset[str] = frozenset(),
) -> Asked:
    """Return the decision as a question, at the prices of `at` (None: the newest).

    `also` are options that are not stored, asked for beside those that are. Where sources disagree,
    an option of a name in `doubted` gets the dearest price that one of them says.
    """
    options = [*decision.options.all(), *also]
    offer_ids = sorted({offer_id for option in options for offer_id in _offer_ids(option)})
    offers = queries.prices_for(offer_ids, team_id=decision.team_id, at=at)
    frame = _frame(decision, at=at or timezone.now())
    measures = {pk: sorted(offer.measures) for pk, offer in offers.items()}
    asked = Asked(raw=frame, offer_ids=offer_ids, doubted=doubted, measures=measures)
    scores = _scores(decision)
    for option in options:
        fields = {"name": option.name, "kind": option.kind, **option.figures}
        fields |= scores.get(option.name, {})
        if option.offer_id is not None:
            _fill_from(offers.get(option.offer_id), option=option, fields=fields, asked=asked)
        if "parts" in fields:
            fields["parts"] = [
                _priced_part(part, offers, option=option, asked=asked) for part in fields["parts"]
            ]
        asked.prices.extend(_typed(option, currency=decision.currency))
        asked.raw["options"].append(fields)
    asked.raw["options"] = own_models.describe(asked.raw["options"], team_id=decision.team_id)
    return asked


def _offer_ids(option: Option) -> Iterator[int]:
    """Yield the stored prices that an option, or a part of its own, stands on."""
    if option.offer_id is not None:
        yield option.offer_id
    for part in option.figures.get("parts", []):
        own = part.get("option")
        if isinstance(own, Mapping) and own.get("offer_id") is not None:
            yield own["offer_id"]


def _priced_part(
    part: dict[str, Any],
    offers: Mapping[int, queries.OfferPrice],
    *,
    option: Option,
    asked: Asked,
) -> dict[str, Any]:
    """Return a hybrid's part; one of its own gets the price that it stands on."""
    if not isinstance(part.get("option"), Mapping):
        return part
    fields = dict(part["option"])
    offer_id = fields.pop("offer_id", None)
    if offer_id is not None:
        _fill_from(offers.get(offer_id), option=option, fields=fields, asked=asked)
    return {**part, "option": fields}


def _frame(decision: Decision, *, at: datetime) -> dict[str, Any]:
    raw: dict[str, Any] = {
        "as_of": at.date().isoformat(),
        "currency": decision.currency,
        "horizon_months": decision.horizon_months,
        "discount_rate_per_year": float(decision.discount_rate_per_year),
        "options": [],
    }
    workload = getattr(decision, "workload", None)
    if workload is not None:
        values = {name: getattr(workload, name) for name in WORKLOAD_FIELDS}
        raw["workload"] = {k: v for k, v in values.items() if v is not None}
        if workload.requirements:
            raw["requirements"] = dict(workload.requirements)
        if workload.traffic:
            raw.setdefault("requirements", {})["traffic"] = workload.traffic
    if decision.team.loaded_cost_per_fte_year is not None:
        cost = float(decision.team.loaded_cost_per_fte_year)
        raw["people"] = {"loaded_cost_per_fte_year": cost}
    measured = _measured_on(decision)
    if measured is not None:
        raw["quality_measured_on"] = measured.isoformat()
    plan = {part.part: _care(part) for part in decision.reliability_parts.all()}
    if plan:
        raw["reliability"] = plan
    # The evidence is for people; the record keeps it beside the question.
    answers = {a.question: {"answer": a.answer} for a in decision.answers.all() if a.answer}
    if answers:
        raw["checklist"] = answers
    if decision.chosen is not None:
        raw["chosen"] = decision.chosen.name
    signed = decision.reviews.aggregate(last=Max("signed_at"))["last"]
    if signed is not None:
        raw["last_reviewed_on"] = signed.date().isoformat()
    return raw


def _scores(decision: Decision) -> dict[str, dict[str, Any]]:
    """Return each option's newest scores, by class of traffic too, and the one before."""
    found: dict[str, dict[str, Any]] = {}
    for score in decision.quality_scores.all():
        of_option = found.setdefault(score.option_name, {})
        if score.traffic_class:
            of_option.setdefault("quality_by_class", {})[score.traffic_class] = score.score
        else:
            if "quality" in of_option:
                of_option["quality_before"] = of_option["quality"]
            of_option["quality"] = score.score
    return found


def _measured_on(decision: Decision) -> date | None:
    """Return when the chosen option, or a part of it, was last evaluated."""
    if decision.chosen is None:
        return None
    parts = decision.chosen.figures.get("parts", [])
    names = {decision.chosen.name, *(p["option"] for p in parts if isinstance(p["option"], str))}
    days = [s.measured_on for s in decision.quality_scores.all() if s.option_name in names]
    return max(days, default=None)


def _care(part: ReliabilityPart) -> dict[str, Any]:
    values: dict[str, Any] = {"owner": part.owner}
    if part.tested_on is not None:
        values["tested_on"] = part.tested_on.isoformat()
    if part.monthly_cost is not None:
        values["monthly_cost"] = float(part.monthly_cost)
    return values


def _fill_from(
    offer: queries.OfferPrice | None, *, option: Option, fields: dict[str, Any], asked: Asked
) -> None:
    if offer is None or not offer.measures:
        asked.problems.append(
            f"{option.name}: the price book has no price for the chosen offer. "
            "Pick another offer or type a price in."
        )
        return
    names = GPU_FIELDS if offer.kind == "gpu" else TOKEN_FIELDS
    if offer.kind == "gpu":
        fields.setdefault("gpu", offer.gpu)
    for measure, name in names.items():
        if measure in offer.measures and fields.get(name) is None:
            _fill_price(offer, measure, name=name, option=option, fields=fields, asked=asked)


def _fill_price(
    offer: queries.OfferPrice,
    measure: str,
    *,
    name: str,
    option: Option,
    fields: dict[str, Any],
    asked: Asked,
) -> None:
    price = offer.measures[measure]
    is_dearest = option.name in asked.doubted and bool(price.rivals)
    price = queries.dearest(price) if is_dearest else price
    target = asked.raw["currency"]
    try:
        converted = currency.convert(price.amount, source=price.currency, target=target)
    except currency.CannotConvert as error:
        asked.problems.append(f"{option.name}: {error}")
        return
    amount = converted.amount.quantize(PLACES)
    fields[name] = float(amount)
    asked.prices.append(
        PriceUsed(
            option=option.name,
            field=name,
            amount=price.amount,
            currency=price.currency,
            unit=price.unit,
            origin="quote" if price.is_quote else "bundled" if price.is_bundled else "stored",
            source=price.source,
            source_url=price.source_url,
            seen_at=price.seen_at,
            observation_id=price.observation_id,
            amount_in_decision_currency=amount,
            rate=converted.rate,
            rate_date="" if converted.rate_date is None else converted.rate_date.isoformat(),
            is_spot=offer.mode == "spot",
            is_stale=price.is_stale or price.is_expired,
            is_withdrawn=price.status == "withdrawn",
            disputed_by=tuple(
                f"{rival.source}: {plain(rival.amount)} {rival.currency}" for rival in price.rivals
            ),
            is_dearest=is_dearest,
            valid_until=price.valid_until,
            checked_at=None if price.is_quote else price.checked_at,
            offer_id=offer.offer_id,
            measure=measure,
        )
    )


def _typed(option: Option, *, currency: str) -> list[PriceUsed]:
    return [
        PriceUsed(
            option=option.name,
            field=name,
            amount=(amount := Decimal(str(option.figures[name]))),
            currency=currency,
            unit=name,
            origin="typed",
            source="typed in by the team",
            amount_in_decision_currency=amount,
        )
        for name in TYPED_PRICES
        if option.figures.get(name) is not None
    ]
