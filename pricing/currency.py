"""What is an amount worth in another currency, by which day's rate, and who says so?"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from pricing.models import ExchangeRate, ProviderCurrency

EUR = "EUR"
# The European Central Bank publishes on working days; longer than this without a rate is stale.
STALE_AFTER = timedelta(days=5)
# Around Christmas and Easter four days pass without a rate. A gap longer than this is no such pause.
LONGEST_GAP = timedelta(days=10)


class CannotConvert(Exception):
    """An amount cannot be turned into another currency; the text says why."""


class UnknownCurrency(CannotConvert):
    """No rate of this currency was ever stored."""


class NoRate(CannotConvert):
    """The currency is known, but not on that day."""


@dataclass(frozen=True, kw_only=True)
class Converted:
    """An amount in the asked currency. `rate` is target units for one source unit, unrounded.

    `rate_date` is None when both currencies are the same and no rate was needed.
    """

    amount: Decimal
    rate: Decimal
    rate_date: date | None
    rate_source: str

    def is_stale(self, today: date) -> bool:
        """Return whether the rate is older than exchange rates may be for an automatic flag."""
        return self.rate_date is not None and today - self.rate_date > STALE_AFTER


class Rates:
    """The rates of one day (None: the newest), each read at most once: for pages with many prices."""

    def __init__(self, on: date | None = None) -> None:
        self.on = on
        self._found: dict[str, ExchangeRate] = {}

    def convert(self, amount: Decimal, *, source: str, target: str) -> Converted:
        """Return the amount in the target currency.

        Raises UnknownCurrency or NoRate; a missing rate is never taken for 1.
        """
        if source == target:
            self._require_known(source)
            return Converted(
                amount=amount, rate=Decimal(1), rate_date=None, rate_source="same currency"
            )
        per_eur = {code: self._per_eur(code) for code in (source, target)}
        rate = per_eur[target][0] / per_eur[source][0]
        dates = [day for _, day, _ in per_eur.values() if day is not None]
        sources = sorted({name for _, _, name in per_eur.values() if name})
        return Converted(
            amount=amount * rate,
            rate=rate,
            rate_date=min(dates),
            rate_source=", ".join(sources),
        )

    def _per_eur(self, code: str) -> tuple[Decimal, date | None, str]:
        if code == EUR:
            return Decimal(1), None, ""
        if code not in self._found:
            self._found[code] = self._look_up(code)
        rate = self._found[code]
        return rate.per_eur, rate.date, rate.source

    def _look_up(self, code: str) -> ExchangeRate:
        stored = ExchangeRate.objects.filter(currency=code).order_by("-date", "-pk")
        found = stored.filter(date__lte=self.on).first() if self.on else stored.first()
        if found is None:
            self._require_known(code)
            raise NoRate(f"There is no exchange rate of {code} on or before {self.on}.")
        if self.on and self.on - found.date > LONGEST_GAP and stored.filter(date__gt=self.on):
            raise NoRate(f"There is no exchange rate of {code} near {self.on}.")
        return found

    def _require_known(self, code: str) -> None:
        if code != EUR and not ExchangeRate.objects.filter(currency=code).exists():
            raise UnknownCurrency(f"“{code}” is no currency that has a stored exchange rate.")


def convert(amount: Decimal, *, source: str, target: str, on: date | None = None) -> Converted:
    """Return the amount in the target currency at the rate of the day `on` (None: the newest).

    A day without a rate, such as a Sunday, takes the last one before it. Raises UnknownCurrency or
    NoRate (both CannotConvert); a missing rate is never taken for 1.
    """
    return Rates(on).convert(amount, source=source, target=target)


def known_currencies() -> list[str]:
    """Return the codes that can be converted, EUR included, in alphabetical order."""
    codes = ExchangeRate.objects.order_by().values_list("currency", flat=True).distinct()
    return sorted({EUR, *codes})


def stated(source: str) -> dict[str, str]:
    """Return the currencies that people stated for a source's providers, by provider."""
    rows = ProviderCurrency.objects.filter(source=source)
    return dict(rows.values_list("provider", "currency"))
