"""What an offer costs now and then, for whom, and in which currency."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from pricing import currency, pull, queries, quotes, search
from pricing.models import ExchangeRate, Observation, Offer
from tests.pricing.conftest import day, entries, recorded

AUGUST, OCTOBER = "2026-08-02", "2026-10-01"
OURS, THEIRS = 1, 2


@pytest.fixture
def rates(db):
    for on, usd in (("2026-10-02", "1.25"), ("2026-11-20", "1.15")):
        ExchangeRate.objects.create(
            date=date.fromisoformat(on), currency="USD", per_eur=usd, source="ecb", seen_at=day(on)
        )
    ExchangeRate.objects.create(
        date=date(2026, 11, 20),
        currency="GBP",
        per_eur="0.92",
        source="ecb",
        seen_at=day("2026-11-20"),
    )


@pytest.fixture
def offer(see, rates):
    see(AUGUST, entries(a=1.0))
    see(OCTOBER, entries(a=1.2))
    return Offer.objects.get(source_name="a")


def amount_at(offer, when, team_id=None):
    price = queries.price_at(offer, "input", day(when), team_id)
    return None if price is None else price.amount


def test_the_price_of_any_past_moment(offer):
    assert amount_at(offer, "2026-08-01") is None
    assert amount_at(offer, AUGUST) == 1
    assert amount_at(offer, "2026-09-30") == 1
    assert amount_at(offer, OCTOBER) == Decimal("1.2")


def test_the_past_does_not_change_when_more_is_seen(offer, see):
    before = amount_at(offer, "2026-09-15")
    see("2026-11-01", entries(a=1.1))
    assert amount_at(offer, "2026-09-15") == before


def test_a_dated_history_answers_for_before_it_was_seen(book):
    pull.pull("genai_prices", at=day("2026-08-21"), body=recorded("genai_prices.json"))
    luna = Offer.objects.get(source_name="gpt-5.6-luna")
    assert amount_at(luna, "2026-07-29") == 1
    assert amount_at(luna, "2026-07-30") == Decimal("0.2")
    assert amount_at(luna, "2026-09-01") == Decimal("0.2")


def test_prices_for_asks_the_same_number_of_queries_for_any_number_of_offers(
    offer, django_assert_num_queries
):
    ids = list(Offer.objects.values_list("pk", flat=True))
    for asked in (ids[:1], ids):
        with django_assert_num_queries(3):
            assert len(queries.prices_for(asked, team_id=OURS)) == len(asked)
        with django_assert_num_queries(3):
            queries.prices_for(asked, team_id=OURS, at=day(OCTOBER))


def quote(offer, team_id=OURS, amount="0.7", **more):
    return quotes.add(
        team_id=team_id,
        offer=offer,
        amounts={"input": Decimal(amount)},
        currency_code="EUR",
        by="manager@example.org",
        at=timezone.now(),
        **more,
    )


def test_a_quote_stands_before_pulled_prices_for_its_team_alone(offer):
    quote(offer)
    ours = queries.prices_for([offer.pk], team_id=OURS)[offer.pk].measures["input"]
    assert (ours.amount, ours.currency, ours.is_quote) == (Decimal("0.7"), "EUR", True)
    assert [other.amount for other in ours.others] == [Decimal("1.2")]
    for team_id in (THEIRS, None):
        theirs = queries.prices_for([offer.pk], team_id=team_id)[offer.pk].measures["input"]
        assert (theirs.amount, theirs.is_quote, theirs.others) == (Decimal("1.2"), False, ())


def test_a_newer_quote_replaces_the_older_one_and_both_stay(offer):
    quote(offer)
    quote(offer, amount="0.6")
    assert queries.prices_for([offer.pk], team_id=OURS)[offer.pk].measures[
        "input"
    ].amount == Decimal("0.6")
    assert Observation.objects.filter(for_team_id=OURS).count() == 2


def test_a_quote_that_has_ended_gives_way(offer):
    at = timezone.now()
    quote(offer, valid_until=at + timedelta(seconds=1))
    later = queries.prices_for([offer.pk], team_id=OURS, at=at + timedelta(days=1))
    assert not later[offer.pk].measures["input"].is_quote


def test_a_quote_for_what_nobody_lists_is_an_offer_of_the_team(rates):
    terms = quotes.Terms(
        kind="gpu", provider="Nebius", gpu="H100 SXM5", gpu_count=8, mode="reserved", term_months=12
    )
    (added,) = quotes.add(
        team_id=OURS,
        terms=terms,
        amounts={"gpu_hour": Decimal("1.50")},
        currency_code="EUR",
        by="m",
        at=timezone.now(),
    )
    assert added.offer.gpu == "H100-SXM"
    assert queries.find_offers(kind="gpu", team_id=OURS)[0].offer_id == added.offer_id
    assert queries.find_offers(kind="gpu", team_id=THEIRS) == []
    assert queries.prices_for([added.offer_id], team_id=THEIRS) == {}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amounts": {"input": Decimal(0)}}, "amount"),
        ({"amounts": {"input": Decimal(-1)}}, "amount"),
        ({"amounts": {"input": Decimal("NaN")}}, "amount"),
        ({"amounts": {"input": Decimal("Infinity")}}, "amount"),
        ({"amounts": {"input": Decimal("1e400")}}, "amount"),
        ({"amounts": {}}, "amount"),
        ({"amounts": {"gpu_hour": Decimal(1)}}, "amount"),
        ({"currency_code": "XXX"}, "currency"),
        ({"valid_until": day("2020-01-01")}, "valid_until"),
        ({"terms": quotes.Terms(kind="token", provider=" ", model="x"), "offer": None}, "provider"),
        ({"terms": quotes.Terms(kind="token", provider="x", model=" "), "offer": None}, "model"),
        ({"terms": quotes.Terms(kind="gpu", provider="x", gpu=""), "offer": None}, "gpu"),
    ],
)
def test_a_quote_that_makes_no_sense_is_refused(offer, wrong, field):
    right = {
        "team_id": OURS,
        "offer": offer,
        "amounts": {"input": Decimal(1)},
        "currency_code": "EUR",
        "by": "m",
        "at": timezone.now(),
    }
    with pytest.raises(quotes.NotAllowed) as refused:
        quotes.add(**{**right, **wrong})
    assert refused.value.field == field
    assert not Observation.objects.filter(for_team_id=OURS).exists()


def test_two_sources_that_differ_are_both_shown(book):
    together = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
    pull.pull("genai_prices", at=day(OCTOBER), body=recorded("genai_prices.json"))
    pull.pull("litellm", at=day(OCTOBER), body=recorded("litellm-2026-10-01.json"))
    offer = Offer.objects.get(source_name=together)
    price = queries.prices_for([offer.pk], team_id=None)[offer.pk].measures["input"]
    amounts = {price.amount, *(other.amount for other in price.others)}
    assert amounts == {Decimal("0.88"), Decimal("1.04")}
    assert price.is_disputed


def test_the_picker_finds_a_model_as_people_write_it(book):
    pull.pull("litellm", at=day(OCTOBER), body=recorded("litellm-2026-10-01.json"))
    found = queries.find_offers(kind="token", text="Llama 3.3 70B at Together")
    assert [offer.provider for offer in found] == ["together"]
    assert found[0].weights == "open"
    cheapest_first = queries.find_offers(kind="token", text="llama-3.3-70b")
    *sold, ended = [offer.measures["input"] for offer in cheapest_first]
    amounts = [price.amount for price in sold]
    assert amounts == sorted(amounts)
    assert len(amounts) > 1
    assert (ended.is_expired, ended.valid_until) == (True, day("2026-08-16"))


def test_the_picker_never_offers_an_alias(book):
    pull.pull("litellm", at=day(OCTOBER), body=recorded("litellm-2026-10-01.json"))
    assert search.matching(text="mistral-large-latest").exists()
    assert queries.find_offers(text="mistral-large-latest") == []


def test_changed_since_names_the_offers_with_news(see):
    see(AUGUST, entries(a=1.0, b=2.0))
    mark = queries.newest_observation_id()
    see(OCTOBER, entries(a=1.2, b=2.0))
    changed = Offer.objects.filter(pk__in=queries.changed_since(mark))
    assert [offer.source_name for offer in changed] == ["a"]
    assert queries.changed_since(day("2026-09-01")) == {changed[0].pk}


def test_a_quarantined_price_is_no_news(see):
    see(AUGUST, entries(a=1.0))
    mark = queries.newest_observation_id()
    see(OCTOBER, entries(a=0.1))
    assert queries.changed_since(mark) == set()


def test_an_amount_is_converted_at_the_rate_of_its_day(rates):
    now = currency.convert(Decimal(115), source="USD", target="EUR")
    assert (now.amount, now.rate_date) == (100, date(2026, 11, 20))
    then = currency.convert(Decimal(125), source="USD", target="EUR", on=date(2026, 10, 4))
    assert (then.amount, then.rate_date) == (100, date(2026, 10, 2))
    across = currency.convert(Decimal(115), source="USD", target="GBP")
    assert across.amount == 92
    assert currency.convert(Decimal(5), source="EUR", target="EUR").rate_date is None


@pytest.mark.parametrize(
    ("source", "target", "on", "error"),
    [
        ("XXX", "EUR", None, currency.UnknownCurrency),
        ("EUR", "XXX", None, currency.UnknownCurrency),
        ("XXX", "XXX", None, currency.UnknownCurrency),
        ("", "EUR", None, currency.UnknownCurrency),
        ("USD", "EUR", date(2026, 1, 1), currency.NoRate),
        ("USD", "EUR", date(2026, 10, 30), currency.NoRate),
    ],
)
def test_a_missing_rate_is_never_one(rates, source, target, on, error):
    with pytest.raises(error):
        currency.convert(Decimal(1), source=source, target=target, on=on)


def test_an_old_rate_is_stale(rates):
    converted = currency.convert(Decimal(1), source="USD", target="EUR")
    assert not converted.is_stale(date(2026, 11, 25))
    assert converted.is_stale(date(2026, 11, 26))
