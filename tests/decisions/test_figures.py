"""What the doctests of the filters do not show: what is missing, and what is no number at all."""

import zoneinfo
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.template import Context, Template
from django.utils import timezone

from decisions.templatetags import figures

MISSING: tuple[Any, ...] = (
    None,
    "",
    "abc",
    float("nan"),
    float("inf"),
    True,
    Decimal("NaN"),
    [],
    {},
)


@pytest.mark.parametrize("value", MISSING)
@pytest.mark.parametrize(
    "write",
    [
        figures.money,
        figures.number,
        figures.tokens,
        figures.short,
        figures.percent,
        figures.tokens_per_s,
        figures.per_mtok,
        figures.months,
    ],
)
def test_what_is_not_known_is_never_a_number(write, value):
    assert write(value) == "unknown"


def test_a_missing_date_is_unknown():
    assert figures.when(None) == figures.when("no date") == "unknown"


def test_a_count_that_is_missing_is_unknown():
    assert figures.plural_of(None, "option") == "unknown"


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0.0004", "EUR 0.0004"),
        ("0.05", "EUR 0.05"),
        ("999.995", "EUR 1,000.00"),
        ("1000.5", "EUR 1,001"),
        ("-3650", "EUR −3,650"),
        ("-0.001", "EUR −0.001"),
        ("1e15", "EUR 1,000,000,000,000,000"),
    ],
)
def test_money(amount, text):
    assert figures.money(Decimal(amount), "EUR") == text


def test_zero_has_no_sign():
    assert figures.money(Decimal("-0"), "EUR") == "EUR 0"
    assert figures.number(-0.0) == "0"


def test_times_are_in_the_readers_zone():
    moment = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    with timezone.override(zoneinfo.ZoneInfo("Asia/Tokyo")):
        assert "21 Nov 2026, 08:30" in figures.when(moment)
        assert "21 Nov 2026, 08:30" in figures.when("2026-11-20T23:30:00+00:00")


def test_every_template_has_the_filters_without_loading():
    page = Template("{{ amount|money:'EUR' }}, {{ volume|tokens }}")
    shown = page.render(Context({"amount": 3650, "volume": 1.3e9}))
    assert shown == "EUR 3,650, 1.3 B tokens"


def test_what_comes_from_people_is_escaped():
    page = Template("{{ day|when }}")
    assert "<script>" not in page.render(Context({"day": "<script>"}))
