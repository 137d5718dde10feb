"""Exchange rates are read from the bank, its history, and the fallback."""

from decimal import Decimal

import pytest

from pricing import currency, pull
from pricing.models import ExchangeRate, SourceHealth
from pricing.sources import ecb
from pricing.things import BadAnswer
from tests.pricing.conftest import day, recorded

NOW = day("2026-11-21")


@pytest.mark.parametrize("name", ["ecb.xml", "frankfurter.json"])
def test_both_forms_give_the_same_rates(name):
    rates = ecb.read(recorded(name), at=NOW)
    assert sorted((r.currency, str(r.day), r.per_eur) for r in rates) == [
        ("GBP", "2026-11-20", Decimal("0.88")),
        ("USD", "2026-11-20", Decimal("1.15")),
    ]


def test_the_package_has_rates_of_years():
    rates = ecb.read(ecb.bundled(NOW).body, at=NOW)
    assert len({r.day for r in rates}) > 500
    assert {"USD", "GBP", "JPY"} <= {r.currency for r in rates}


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"",
        b'{"base": "USD", "rates": {}}',
        b'{"base": "EUR", "date": "2026-11-20", "rates": {"USD": -1}}',
        b'{"base": "EUR", "date": "soon", "rates": {"USD": 1}}',
        b"<Cube time='2026-11-20'></Cube>",
        b"PK\x03\x04broken",
    ],
)
def test_what_holds_no_rates_is_refused(body):
    with pytest.raises(BadAnswer):
        ecb.read(body, at=NOW)


def test_the_fallback_answers_when_the_bank_does_not(db, httpserver, settings):
    httpserver.expect_request("/bank").respond_with_data(status=404)
    httpserver.expect_request("/other").respond_with_data(recorded("frankfurter.json"))
    settings.PRICE_SOURCE_URLS = {
        "ecb": httpserver.url_for("/bank"),
        "frankfurter": httpserver.url_for("/other"),
    }
    report = pull.pull("ecb", at=NOW)
    assert report.accepted == 2
    assert "frankfurter answered" in report.error
    assert currency.convert(Decimal(115), source="USD", target="EUR").amount == 100


def test_rates_tenfold_are_refused(db):
    pull.pull("ecb", at=NOW, body=recorded("ecb.xml"))
    tenfold = recorded("ecb.xml").replace(b"1.1500", b"11.500").replace(b"0.8800", b"8.800")
    report = pull.pull("ecb", at=NOW, body=tenfold.replace(b"11-20", b"11-21"))
    assert "jumped" in report.error
    assert ExchangeRate.objects.count() == 2
    assert "jumped" in SourceHealth.objects.get(source="ecb").error
