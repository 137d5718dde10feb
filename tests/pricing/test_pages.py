"""The pages that compare, judge and explain prices say what is so, to whom it concerns."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from decisions.models import AuditEvent
from pricing import pull, quotes
from pricing.models import (
    CurrentPrice,
    ExchangeRate,
    ModelFamily,
    Observation,
    Offer,
    ProviderCurrency,
    SourceHealth,
)
from tests.factories import NOW, make_member, make_offer, make_team, make_user
from tests.pricing.conftest import day, entries

TODAY = timezone.now()


@pytest.fixture
def rate(db):
    return ExchangeRate.objects.create(
        date=NOW.date(), currency="USD", per_eur="1.25", source="ecb", seen_at=NOW
    )


@pytest.fixture
def team(rate):
    return make_team()


@pytest.fixture
def reader(client, team):
    client.force_login(make_member(team))
    return client


@pytest.fixture
def administrator(client, rate):
    client.force_login(make_user(is_administrator=True))
    return client


def sold(offer, *, source="litellm", currency="USD", until=None, **amounts):
    """Put accepted prices of an offer into the book."""
    for measure, amount in amounts.items():
        unit = "gpu_hour" if measure == "gpu_hour" else "mtok"
        seen = Observation.objects.create(
            offer=offer, measure=measure, amount=amount, currency=currency, unit=unit,
            source=source, seen_at=TODAY, status="accepted", valid_until=until,
        )  # fmt: skip
        CurrentPrice.objects.create(offer=offer, measure=measure, source=source, observation=seen)
    SourceHealth.objects.update_or_create(
        source=source, defaults={"last_check_at": TODAY, "last_success_at": TODAY}
    )
    return offer


def gpu(**more):
    values = {
        "kind": "gpu", "model": "", "provider": "lambda", "host": "lambda", "gpu": "H100-SXM",
        "gpu_is_known": True, "gpu_count": 8, "mode": "on_demand",
    }  # fmt: skip
    return make_offer(**{**values, **more})


def hosts(client, **query):
    return client.get(reverse("price-hosts"), {"model": "o1", **query})


def test_hosts_are_compared_at_the_readers_mix(reader):
    sold(make_offer(model="o1", host="dear"), input=2, output=8)
    sold(make_offer(model="o1", host="cheap"), input=1, output=20, cached_input=Decimal("0.1"))
    sold(make_offer(model="o1", host="half"), input=1)
    first = hosts(reader, input_tokens="3", output_tokens="1").context["hosts"]
    # (3 × 2 + 8) / 4 = 3.5 and (3 × 1 + 20) / 4 = 5.75 USD, at 1.25 USD for a euro.
    assert [(h.offer.host, h.blended) for h in first] == [
        ("dear", Decimal("2.8")), ("cheap", Decimal("4.6")), ("half", None),
    ]  # fmt: skip
    second = hosts(reader, input_tokens="99", output_tokens="1", cached_percent="50").context
    assert second["hosts"][0].offer.host == "cheap"
    assert second["hosts"][1].cached_is_assumed
    assert hosts(reader, input_tokens="-1").status_code == 200


def test_a_preview_is_told_apart_from_the_real_model(reader):
    offer = sold(make_offer(model="o1", source_name="openai/o1-preview"), input=1, output=2)
    for page in (
        hosts(reader),
        reader.get(reverse("price-list")),
        reader.get(offer.get_absolute_url()),
    ):
        assert "listed as openai/o1-preview" in page.content.decode()


def gpus(client, **query):
    page = client.get(reverse("price-gpus"), query)
    return {
        row.gpu: {(t.mode, t.term_months): t.cheapest for t in row.terms}
        for row in page.context["rows"]
    }


def test_the_cheapest_of_each_gpu_and_terms(reader, team):
    sold(gpu(), gpu_hour=2)
    sold(gpu(provider="other"), gpu_hour=Decimal("1.9"), currency="EUR")
    sold(gpu(mode="spot"), gpu_hour=1)
    sold(gpu(provider="ended"), gpu_hour=Decimal("0.1"), until=TODAY - timedelta(days=1))
    sold(gpu(gpu="Z9000", gpu_is_known=False), gpu_hour=1)
    found = gpus(reader)
    assert list(found) == ["H100-SXM", "Z9000"]
    assert found["H100-SXM"]["on_demand", 0].offer.provider == "lambda"
    assert found["H100-SXM"]["spot", 0].shown.converted == Decimal("0.8")
    assert found["H100-SXM"]["reserved", 12] is None
    page = reader.get(reverse("price-gpus")).content.decode()
    assert "unmapped" in page
    assert (
        f"{reverse('quote-add', args=[team.pk])}?kind=gpu&amp;gpu=H100-SXM&amp;mode=reserved"
        in page
    )


def test_a_teams_quote_stands_before_the_pulled_price_of_the_same_offer(reader, team):
    offer = sold(gpu(), gpu_hour=1)
    sold(gpu(provider="other"), gpu_hour=2)
    quotes.add(
        team_id=team.pk, offer=offer, amounts={"gpu_hour": Decimal(3)}, currency_code="USD",
        by="x", at=TODAY, evidence="x",
    )  # fmt: skip
    assert gpus(reader)["H100-SXM"]["on_demand", 0].offer.provider == "other"
    assert gpus(reader, team="0")["H100-SXM"]["on_demand", 0].offer.provider == "lambda"


PAGES = (
    "price-list", "price-hosts", "price-gpus", "family-list", "price-sources", "price-quarantine",
)  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_queries_do_not_grow_with_the_book(reader, name, django_assert_max_num_queries):
    for number in range(30):
        sold(gpu(provider=f"p{number}"), gpu_hour=number + 1)
        sold(make_offer(model="o1", source_name=f"o1-{number}"), input=1, output=2)
    with django_assert_max_num_queries(15):
        assert reader.get(reverse(name), {"model": "o1"}).status_code == 200


@pytest.mark.parametrize("name", PAGES)
def test_any_view_is_a_file(reader, name):
    sold(gpu(provider="=1+1", region="@x"), gpu_hour=Decimal("1.25"))
    sold(make_offer(model="o1", source_name="=o1", provider="-1"), input=1, output=2)
    query = {"model": "o1"} if name == "price-hosts" else {}
    address = reverse("price-csv") if name == "price-list" else reverse(name)
    table = reader.get(address, {**query, "download": "csv"})
    assert table["Content-Disposition"].startswith("attachment")
    assert not [
        c
        for line in table.content.decode().splitlines()
        for c in line.split(",")
        if c[:1] in "=@+" and c
    ]
    address = reverse("price-json") if name == "price-list" else reverse(name)
    assert isinstance(reader.get(address, {**query, "download": "json"}).json(), list)


def test_amounts_in_json_are_numbers(reader):
    sold(gpu(), gpu_hour=Decimal("1.25"))
    assert (
        reader.get(reverse("price-gpus"), {"download": "json"}).json()[0]["converted_amount"] == 1
    )
    assert reader.get(reverse("price-json")).json()[0]["amount"] == 1.25


def test_the_reader_chooses_the_currency_and_keeps_it(reader):
    sold(gpu(), gpu_hour=Decimal("1.25"))
    assert reader.get(reverse("price-list")).context["reader"].target == "EUR"
    reader.get(reverse("price-list"), {"currency": "USD"})
    assert reader.get(reverse("price-gpus")).context["reader"].target == "USD"


def test_prices_that_end_soon_are_announced(reader):
    sold(make_offer(provider="promo"), input=1, until=TODAY + timedelta(days=9, hours=1))
    sold(make_offer(provider="later"), input=1, until=TODAY + timedelta(days=90))
    page = reader.get(reverse("price-list")).content.decode()
    assert "1 price ends within 30 days" in page
    assert "ends in 9 days" in page
    rows = reader.get(reverse("price-list"), {"ending": "1"}).context["rows"]
    assert [row.offer.provider for row in rows] == ["promo"]


def test_sources_that_disagree_are_both_shown(reader):
    offer = sold(make_offer(), input=Decimal("1.00"))
    sold(offer, source="genai_prices", input=Decimal("1.20"))
    page = reader.get(offer.get_absolute_url()).content.decode()
    assert "Sources disagree" in page
    assert "USD 1.00" in page
    assert "USD 1.20" in page
    assert "20 % more" in page or "17 % less" in page


def test_a_family_is_changed_after_its_effect_was_shown(administrator):
    family = ModelFamily.objects.create(name="o", maker="m", prefixes="o1", weights="closed")
    make_offer(model="o1", family="o", weights="closed")
    address = reverse("family-change", args=[family.pk])
    first = administrator.post(address, {"weights": "open", "reason": "licence"})
    assert first.context["effect"] == [str(Offer.objects.get())]
    assert Offer.objects.get().weights == "closed"
    assert administrator.post(address, {"weights": "open", "confirmed": "open"}).status_code == 422
    data = {"weights": "open", "reason": "licence", "confirmed": "open"}
    assert administrator.post(address, data).status_code == 302
    assert Offer.objects.get().weights == "open"
    assert AuditEvent.objects.filter(what="model family reclassified").count() == 1


def test_a_held_provider_is_released_with_a_reason(administrator, see):
    many = entries(**{f"m{n}": 1.0 for n in range(10)})
    see("2026-08-01", many, neighbours=False)
    see("2026-08-02", entries(m0=1.0), neighbours=False)
    page = administrator.get(reverse("price-quarantine")).content.decode()
    assert "Release" in page
    data = {"source": "litellm", "provider": "openai"}
    administrator.post(reverse("held-release"), data)
    assert not AuditEvent.objects.exists()
    administrator.post(reverse("held-release"), {**data, "reason": "they stopped"})
    assert AuditEvent.objects.filter(what="held provider released").count() == 1
    assert "they stopped" in administrator.get(reverse("price-quarantine")).content.decode()


def test_a_currency_is_stated_with_a_reason(administrator, book):
    found = {"a": {"litellm_provider": "nowhere", "mode": "chat", "input_cost_per_token": 1e-6}}
    pull.pull("litellm", at=day("2026-10-01"), body=json.dumps(found).encode())
    page = administrator.get(reverse("price-quarantine")).content.decode()
    assert "nowhere" in page
    data = {"source": "litellm", "provider": "nowhere", "reason": "their price page"}
    administrator.post(reverse("currency-set"), {**data, "code": "XXX"})
    assert not ProviderCurrency.objects.exists()
    administrator.post(reverse("currency-set"), {**data, "code": "USD"})
    assert ProviderCurrency.objects.get().currency == "USD"
    assert Offer.objects.get().current.get().observation.currency == "USD"


def test_the_age_of_a_source_stands_beside_its_limit(reader):
    sold(make_offer(), input=1)
    SourceHealth.objects.update(last_success_at=TODAY - timedelta(days=20))
    page = reader.get(reverse("price-sources")).content.decode()
    assert "20 days" in page
    assert "stale after 14 days" in page


def test_nobody_reads_quotes_of_a_team_that_is_not_theirs(reader, client):
    other = make_team()
    sold(gpu(), gpu_hour=2)
    quotes.add(
        team_id=other.pk, offer=Offer.objects.get(), amounts={"gpu_hour": Decimal("1.23")},
        currency_code="USD", by="x", at=TODAY, evidence="x",
    )  # fmt: skip
    for name in ("price-list", "price-gpus"):
        assert "1.23" not in reader.get(reverse(name), {"team": other.pk}).content.decode()
