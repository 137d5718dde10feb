"""Which of very many decisions must be evaluated again now that prices moved?

Their bills are computed at once from the stored form of each (`straight`), with the floats of
`formulas.screening`. Only a decision that stays as it is, beyond doubt, is settled here: its chosen
and its best option's bills are worked out exactly and stored, which is all that its standing says of
prices. Everything else is evaluated whole: what would cross or is near a line, what has a flag or waits
for one, what has no form, and where a price is stale, contested, disputed, on its way out or gone.
Left as they are until the daily check evaluates everything: the number of mistakes, of which some
depend on prices, and the exchange-rate day that no new price shows.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import numpy as np
from django.db import connection, transaction

from decisions import straight
from decisions.formulas import screening
from decisions.models import Decision, Flag, Standing
from decisions.questions import PLACES
from decisions.words import cents
from pricing import queries
from pricing.currency import CannotConvert, Rates

T = TypeVar("T")
# Bounds memory: a stored form takes some kilobytes.
AT_ONCE = 500
STORED = ("evaluated_at", "chosen_per_month", "best_name", "best_per_month", "regret_per_month")


def settle(decision_ids: Iterable[int], *, at: datetime) -> set[int]:
    """Store the standings of those of these decisions that stay as they are; return which."""
    settled: set[int] = set()
    for team_id, ids in _by_team(set(decision_ids)).items():
        offers = _Offers(team_id)
        for block in _blocks(ids, AT_ONCE):
            settled |= _store(list(_settled(_rows(block), offers, at=at)))
    return settled


def _by_team(wanted: set[int]) -> dict[int, list[int]]:
    flagged = Flag.objects.filter(closed_at=None).values("decision")
    found = Standing.objects.filter(straight__isnull=False, best_since=None)
    found = found.exclude(decision__in=flagged).order_by("decision")
    by_team: dict[int, list[int]] = {}
    for decision_id, team_id in found.values_list("decision", "decision__team").iterator():
        if decision_id in wanted:
            by_team.setdefault(team_id, []).append(decision_id)
    return by_team


def _rows(ids: Sequence[int]) -> list[Standing]:
    return list(Standing.objects.filter(decision__in=ids).select_related("decision"))


def _blocks(all_of_them: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(all_of_them), size):
        yield all_of_them[start : start + size]


class _Offers:
    """The prices of one team's offers as they stand now, each offer read once."""

    def __init__(self, team_id: int) -> None:
        self._team_id = team_id
        self._found: dict[int, queries.OfferPrice] = {}
        self._asked: set[int] = set()
        self._rates = Rates()

    def know(self, ids: set[int]) -> None:
        """Read the prices of these offers, where they were not read before."""
        for some in _blocks(sorted(ids - self._asked), AT_ONCE):
            self._found |= queries.prices_for(some, team_id=self._team_id)
        self._asked |= ids

    def are_plain(self, measures: dict[str, list[str]]) -> bool:
        """Return whether all of these are sold as before, fresh, undisputed and without an end."""
        return all(
            (offer := self._found.get(int(pk))) is not None
            and sorted(offer.measures) == names
            and all(map(_is_plain, offer.measures.values()))
            for pk, names in measures.items()
        )

    def amount(self, place: straight.Place, *, currency: str) -> Decimal:
        """Return the amount in a currency, as an evaluation would take it."""
        price = self._found[place[0]].measures[place[1]]
        into = self._rates.convert(price.amount, source=price.currency, target=currency)
        return into.amount.quantize(PLACES)


def _is_plain(price: queries.Price) -> bool:
    doubtful = price.is_stale or price.is_expired or price.is_contested or bool(price.rivals)
    return not doubtful and price.status != "withdrawn" and price.valid_until is None


def _settled(rows: Sequence[Standing], offers: _Offers, *, at: datetime) -> Iterator[Standing]:
    offers.know({int(pk) for row in rows for pk in row.straight["measures"]})
    plain = [
        row
        for row in rows
        if row.straight["version"] == row.decision.version
        and offers.are_plain(row.straight["measures"])
    ]
    by_currency: dict[str, list[Standing]] = {}
    for row in plain:
        by_currency.setdefault(row.decision.currency, []).append(row)
    for currency, of_currency in by_currency.items():
        try:
            yield from _at_new_prices(of_currency, offers, currency=currency, at=at)
        except CannotConvert:
            continue


def _at_new_prices(
    rows: Sequence[Standing], offers: _Offers, *, currency: str, at: datetime
) -> Iterator[Standing]:
    places: dict[straight.Place, int] = {}
    forms = [straight.read(row.straight, places, row.decision.horizon_months) for row in rows]
    prices = [offers.amount(place, currency=currency) for place in places]
    packed = screening.Cases.packed([form.case for form in forms])
    floats = np.array(prices, dtype=np.float64)
    crossed, near = packed.screen(floats)
    best, _ = packed.best(floats)
    for place, (row, form) in enumerate(zip(rows, forms, strict=True)):
        if crossed[place] or near[place]:
            continue
        options, case = form.case.options, form.case
        ours = cents(options[case.chosen].per_month(prices))
        theirs = cents(options[best[place]].per_month(prices))
        row.evaluated_at, row.best_name = at, form.names[best[place]]
        row.chosen_per_month, row.best_per_month = ours, theirs
        row.regret_per_month = ours - theirs
        yield row


def _store(settled: Sequence[Standing]) -> set[int]:
    """Store these standings but those of decisions that somebody changed meanwhile."""
    with transaction.atomic():
        held = Decision.objects.select_for_update().order_by("pk")
        versions = dict(
            held.filter(pk__in=[row.decision_id for row in settled]).values_list("pk", "version")
        )
        same = [row for row in settled if versions.get(row.decision_id) == row.straight["version"]]
        _write(same)
    return {row.decision_id for row in same}


def _write(rows: Sequence[Standing]) -> None:
    """Update the columns of `STORED`: one statement for all rows takes a third of bulk_update's time."""
    by_name = {field.name: field for field in Standing._meta.concrete_fields}
    fields = [by_name[name] for name in (*STORED, "id")]
    columns = ", ".join(f"{field.column} = %s" for field in fields[:-1])
    values = [
        [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {Standing._meta.db_table} SET {columns} WHERE id = %s",  # noqa: S608
            values,
        )
