"""What does each row of an uploaded table of quotes say, and what is wrong with it?"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal

from pricing import quotes
from pricing.guards import single
from pricing.models import Observation, Offer
from pricing.tables import BadTable, Row
from pricing.things import GPU, ON_DEMAND, PURCHASE, RESERVED, SERVERLESS, SPOT, TOKEN, Quote

Measure = Observation.Measure

# Name, what it means, and what may stand in it: in this order in the file that people start from.
COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("kind", "What is sold", "tokens or gpu"),
    ("provider", "Who sells it", "as in the price book, such as lambda"),
    ("model", "The model, for tokens", "the seller's own name for it"),
    ("gpu", "The GPU, for gpu", "such as H100-SXM"),
    ("gpu_count", "GPUs in one machine", "a whole number; empty: 1"),
    ("terms", "On which terms, for gpu", "on demand, spot, reserved, serverless or owned"),
    ("term_months", "Months reserved", "12 for one year, 36 for three; only for reserved"),
    ("region", "Where it runs", "the seller's name for it; may be empty"),
    ("quantization", "How the weights are stored, for tokens", "such as fp8; may be empty"),
    ("currency", "The currency of all prices of the row", "three letters, such as EUR"),
    ("input_per_mtok", "Price of a million input tokens", "a number"),
    ("output_per_mtok", "Price of a million output tokens", "a number"),
    ("cached_input_per_mtok", "Price of a million cached input tokens", "a number; may be empty"),
    ("price_per_gpu_hour", "Price of ONE GPU for an hour", "the machine's price divided by gpu_count"),
    ("purchase_per_gpu", "Price of buying ONE GPU", "only for owned"),
    ("valid_from", "First day it holds", "YYYY-MM-DD; empty: now"),
    ("valid_until", "Last day it holds", "YYYY-MM-DD; empty: until it is ended"),
    ("evidence", "Where it is written", "an offer's number, a link, a mail"),
    ("offer_id", "The stored offer it replaces", "from a download of the price book; may be empty"),
)  # fmt: skip
NAMES = tuple(name for name, _, _ in COLUMNS)
MEASURES = {
    "input_per_mtok": Measure.INPUT,
    "output_per_mtok": Measure.OUTPUT,
    "cached_input_per_mtok": Measure.CACHED_INPUT,
    "price_per_gpu_hour": Measure.GPU_HOUR,
    "purchase_per_gpu": Measure.GPU_PURCHASE,
}
KINDS = {"tokens": TOKEN, "token": TOKEN, "gpu": GPU, "gpus": GPU}
TERMS = {
    "on demand": ON_DEMAND, "spot": SPOT, "reserved": RESERVED, "serverless": SERVERLESS,
    "owned": PURCHASE, "purchase": PURCHASE, "bought": PURCHASE, "": ON_DEMAND,
}  # fmt: skip
# What the column of each field of an action's refusal is called here.
_COLUMN_OF = {"mode": "terms", "amount": "prices", "offer": "offer_id"}
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,9})?")
_LONGEST = {"provider": 60, "model": 120, "gpu": 60, "region": 60, "quantization": 20, "evidence": 400}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong in one column of a row."""

    column: str
    says: str


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One row: what it would add, or why it is refused.

    `replaces` are the team's own prices of now that it would take the place of, by measure;
    `doubts` are reasons to look again, which refuse nothing.
    """

    number: int
    cells: dict[str, str]
    entry: quotes.Entry | None = None
    faults: tuple[Fault, ...] = ()
    doubts: tuple[str, ...] = ()
    replaces: dict[str, Observation] = field(default_factory=dict)

    @property
    def is_added(self) -> bool:
        """Return whether the row would be stored."""
        return not self.faults


@dataclass(frozen=True, kw_only=True)
class Known:
    """What rows are judged by: read once for all of them."""

    team_id: int
    at: datetime
    currencies: Collection[str]
    offers: Mapping[int, Offer]
    held: Mapping[tuple[str, str], Observation]
    evidence: str = ""
    has_evidence_file: bool = False


def cells(rows: list[Row]) -> list[tuple[int, dict[str, str]]]:
    """Return the rows below the heading, each cell under its column's name. Raises BadTable."""
    if not rows:
        raise BadTable("The file is empty.")
    number, heading = rows[0]
    names = [re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") for name in heading]
    for place, name in enumerate(names):
        where = f"Row {number}, column {place + 1}"
        if name and name not in NAMES:
            raise BadTable(f"{where}: “{heading[place][:60]}” is no column of the template.")
        if name and name in names[:place]:
            raise BadTable(f"{where}: the column “{name}” stands there twice.")
    if "currency" not in names:
        raise BadTable(f"Row {number}: the column “currency” is missing. Start from the template.")
    if len(rows) == 1:
        raise BadTable("The file has a heading and no quotes below it.")
    return [(at, _by_name(at, names, texts)) for at, texts in rows[1:]]


def judge(found: Iterable[tuple[int, Mapping[str, str]]], known: Known) -> list[Judged]:
    """Return what each row would add, or why it is refused. Nothing is stored."""
    judged: list[Judged] = []
    first: dict[tuple[object, ...], int] = {}
    for number, texts in found:
        row = _judge(number, dict(texts), known)
        if row.entry is not None:
            same = first.setdefault(_identity(row.entry), number)
            if same != number:
                says = f"Row {same} gives a price for the same thing already."
                row = Judged(
                    number=number, cells=row.cells, faults=(Fault(column="row", says=says),)
                )
        judged.append(row)
    return judged


def _by_name(number: int, names: list[str], texts: list[str]) -> dict[str, str]:
    for place, text in enumerate(texts):
        if text and (place >= len(names) or not names[place]):
            raise BadTable(
                f"Row {number}, column {place + 1}: “{text[:60]}” stands below no heading."
            )
    return {name: text for name, text in zip(names, texts, strict=False) if name and text}


def _judge(number: int, texts: dict[str, str], known: Known) -> Judged:
    faults: list[Fault] = []
    for name, longest in _LONGEST.items():
        if len(texts.get(name, "")) > longest:
            faults.append(Fault(column=name, says=f"Longer than {longest} characters."))
    read = _Reader(texts, faults)
    amounts = {str(m): a for c, m in MEASURES.items() if (a := read.amount(c)) is not None}
    offer = read.offer(known)
    terms = None if offer or "offer_id" in texts else read.terms()
    evidence = texts.get("evidence", "") or known.evidence
    if not evidence and not known.has_evidence_file:
        faults.append(Fault(column="evidence", says="Say where it is written, or add a file."))
    entry = quotes.Entry(
        offer=offer,
        terms=terms,
        amounts=amounts,
        currency_code=texts.get("currency", "").upper(),
        valid_from=read.day("valid_from", time.min),
        valid_until=read.day("valid_until", time.max),
        evidence=evidence,
    )
    if not faults:
        try:
            quotes.check(entry, team_id=known.team_id, at=known.at, currencies=known.currencies)
        except quotes.NotAllowed as refusal:
            column = _COLUMN_OF.get(refusal.field, refusal.field)
            faults.append(Fault(column=column, says=str(refusal)))
    if faults:
        return Judged(number=number, cells=texts, faults=tuple(faults))
    key = offer.key if offer else quotes.thing_of(entry).key
    replaces = {m: known.held[key, m] for m in amounts if (key, m) in known.held}
    return Judged(number=number, cells=texts, entry=entry, doubts=_doubts(entry), replaces=replaces)


def _identity(entry: quotes.Entry) -> tuple[object, ...]:
    key = entry.offer.key if entry.offer else quotes.thing_of(entry).key
    return key, *sorted(entry.amounts)[:1]


def _doubts(entry: quotes.Entry) -> tuple[str, ...]:
    """Return what the guards of pulled prices would object to: a quote stands all the same."""
    thing = quotes.thing_of(entry)
    verdicts = [
        single.within_band(
            Quote(
                thing=thing,
                measure=measure,
                amount=amount,
                currency=entry.currency_code,
                unit=quotes.unit_of(measure),
            )
        )
        for measure, amount in entry.amounts.items()
    ]
    found = [f"Unusual: {verdict.reason}." for verdict in verdicts if verdict is not None]
    if thing.kind == GPU and not thing.gpu_is_known:
        found.append(f"“{thing.gpu}” is no GPU of the catalogue: it will be shown as unmapped.")
    return tuple(found)


@dataclass
class _Reader:
    """Reads the cells of one row, and notes what cannot be read."""

    texts: dict[str, str]
    faults: list[Fault]

    def refuse(self, column: str, says: str) -> None:
        self.faults.append(Fault(column=column, says=says))

    def amount(self, column: str) -> Decimal | None:
        text = self.texts.get(column, "")
        if not text:
            return None
        if _NUMBER.fullmatch(text):
            return Decimal(text)
        if text.startswith("="):
            self.refuse(column, f"“{text[:40]}” is a formula. Write the number.")
        elif text.startswith("-") or text.lower() in ("free", "n/a"):
            self.refuse(column, "A price is above 0. Leave out what is unknown.")
        else:
            says = "is no number. Write digits and a point, such as 1.25, no currency sign."
            self.refuse(column, f"“{text[:40]}” {says}")
        return None

    def whole(self, column: str, *, most: int, default: int) -> int:
        text = self.texts.get(column, "")
        if not text:
            return default
        if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most and len(text) < 10:
            return int(text)
        self.refuse(column, f"“{text[:40]}” is no whole number from 1 to {most:,}.")
        return default

    def choice(self, column: str, choices: Mapping[str, str]) -> str:
        text = re.sub(r"[\s_-]+", " ", self.texts.get(column, "").lower()).strip()
        if text in choices:
            return choices[text]
        names = ", ".join(name for name in choices if name)
        self.refuse(column, f"“{text[:40]}” is none of {names}." if text else f"One of {names}.")
        return ""

    def day(self, column: str, at: time) -> datetime | None:
        text = self.texts.get(column, "")
        if not text:
            return None
        try:
            found = date.fromisoformat(text)
        except ValueError:
            self.refuse(column, f"“{text[:40]}” is no day. Write it as 2027-12-31.")
            return None
        if not 2000 <= found.year <= 2200:
            self.refuse(column, f"The year {found.year} is far away.")
            return None
        return datetime.combine(found, at, tzinfo=UTC)

    def offer(self, known: Known) -> Offer | None:
        if "offer_id" not in self.texts:
            return None
        number = self.whole("offer_id", most=999_999_999, default=0)
        offer = known.offers.get(number)
        if number and offer is None:
            self.refuse("offer_id", f"There is no offer {number}.")
        return offer

    def terms(self) -> quotes.Terms | None:
        kind = self.choice("kind", KINDS)
        is_gpu = kind == GPU
        for column in ("model", "quantization") if is_gpu else ("gpu", "terms", "term_months"):
            if kind and column in self.texts:
                self.refuse(column, f"Leave it empty for {'gpu' if is_gpu else 'tokens'}.")
        mode = self.choice("terms", TERMS) if is_gpu else SERVERLESS
        if mode not in ("", RESERVED) and "term_months" in self.texts:
            self.refuse("term_months", "Only a reservation has a term.")
        count = self.whole("gpu_count", most=10_000, default=1)
        months = self.whole("term_months", most=120, default=0)
        if self.faults:
            return None
        names = ("provider", "model", "gpu", "region", "quantization")
        given = {name: self.texts.get(name, "") for name in names}
        return quotes.Terms(kind=kind, gpu_count=count, mode=mode, term_months=months, **given)
