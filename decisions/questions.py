"""What exactly is asked of the evaluation: a decision's figures, with the price of each option.

A figure that the team typed in stands. Any other price is read from the price book, for this team,
converted at the European Central Bank's rate, and kept with its source and date.
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Max
from django.utils import timezone

from decisions.models import Decision, Option
from pricing import currency, queries

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

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values: amounts as text, times in UTC."""
        plain = asdict(self)
        for name in ("amount", "amount_in_decision_currency", "rate"):
            plain[name] = None if plain[name] is None else format(plain[name].normalize(), "f")
        plain["seen_at"] = None if self.seen_at is None else self.seen_at.isoformat()
        return plain


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question in the evaluation's own form, its prices, and what is missing, in words."""

    raw: dict[str, Any]
    prices: list[PriceUsed] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    offer_ids: list[int] = field(default_factory=list)


def ask(decision: Decision, *, at: datetime | None = None) -> Asked:
    """Return the decision as a question, at the prices of `at` (None: the newest)."""
    options = list(decision.options.all())
    offer_ids = sorted({o.offer_id for o in options if o.offer_id is not None})
    offers = queries.prices_for(offer_ids, team_id=decision.team_id, at=at)
    asked = Asked(raw=_frame(decision, at=at or timezone.now()), offer_ids=offer_ids)
    for option in options:
        fields = {"name": option.name, "kind": option.kind, **option.figures}
        if option.offer_id is not None:
            _fill_from(offers.get(option.offer_id), option=option, fields=fields, asked=asked)
        asked.prices.extend(_typed(option, currency=decision.currency))
        asked.raw["options"].append(fields)
    return asked


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
    if decision.team.loaded_cost_per_fte_year is not None:
        cost = float(decision.team.loaded_cost_per_fte_year)
        raw["people"] = {"loaded_cost_per_fte_year": cost}
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
