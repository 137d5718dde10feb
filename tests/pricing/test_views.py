"""The pages of the price book show what is known, to whom it concerns."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from decisions.models import Membership, Team, User
from pricing import pull, quarantine
from pricing.models import CurrentPrice, ExchangeRate, Observation, Offer
from tests.pricing.conftest import day, entries, recorded

OCTOBER = day("2026-10-01")


def somebody(email, **more):
    return User.objects.create_user(email, "pw-for-tests", **more)


@pytest.fixture
def team(db):
    return Team.objects.create(name="Search")


@pytest.fixture
def manager(team):
    user = somebody("manager@example.org")
    Membership.objects.create(team=team, user=user, role=Membership.Role.MANAGER)
    return user


@pytest.fixture
def stranger(db):
    user = somebody("stranger@example.org")
    other = Team.objects.create(name="Other")
    Membership.objects.create(team=other, user=user, role=Membership.Role.MANAGER)
    return user


@pytest.fixture
def administrator(db):
    return somebody("admin@example.org", is_administrator=True)


@pytest.fixture
def seen(see):
    see("2026-08-02", entries(a=1.0))
    see("2026-10-01", entries(a=0.2))
    ExchangeRate.objects.create(
        date=date(2026, 11, 20), currency="USD", per_eur="1.25", source="ecb", seen_at=OCTOBER
    )
    return Offer.objects.get(source_name="a")


def as_(client, user):
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.mark.parametrize("name", ["price-list", "price-sources", "price-quarantine"])
def test_a_visitor_signs_in_first(db, client, name):
    answer = client.get(reverse(name))
    assert answer.status_code == 302
    assert reverse("account_login") in answer["Location"]


def test_the_list_shows_both_currencies(client, manager, seen):
    page = (
        as_(client, manager)
        .get(reverse("price-list"), {"q": "a", "kind": "token"})
        .content.decode()
    )
    assert "USD 1.00" in page
    assert "EUR 0.80" in page
    assert "per million tokens" in page


def test_the_list_filters_and_sorts(client, manager, book):
    pull.pull("litellm", at=OCTOBER, body=recorded("litellm-2026-10-01.json"))
    client = as_(client, manager)
    names = [
        r.offer.provider
        for r in client.get(reverse("price-list"), {"weights": "closed"}).context["rows"]
    ]
    assert "together" not in names
    assert "openai" in names
    rows = client.get(reverse("price-list"), {"q": "llama", "sort": "-price"}).context["rows"]
    leading = [row.offer.measures["input"].amount for row in rows]
    assert leading == sorted(leading, reverse=True)
    nothing = client.get(reverse("price-list"), {"q": "no such model"})
    assert "No stored price fits" in nothing.content.decode()


@pytest.mark.parametrize("sort", ["", "name", "provider", "price", "-price", "nonsense"])
def test_every_sort_is_a_page_with_as_many_queries(
    client, manager, seen, django_assert_max_num_queries, sort
):
    client = as_(client, manager)
    with django_assert_max_num_queries(15):
        assert client.get(reverse("price-list"), {"sort": sort, "page": "x"}).status_code == 200


def test_the_detail_shows_history_and_what_waits(client, manager, seen):
    page = as_(client, manager).get(reverse("price-detail", args=[seen.pk])).content.decode()
    assert "a newer price waits in quarantine" in page
    assert "no_jump" in page
    assert "<svg" in page


def test_an_offer_without_an_accepted_price_is_unknown(client, manager, see):
    see("2026-08-02", entries(free=0.0))
    offer = Offer.objects.get(source_name="free")
    page = as_(client, manager).get(reverse("price-detail", args=[offer.pk])).content.decode()
    assert "Its price is unknown" in page


def test_the_sources_page_names_trouble(client, manager, seen):
    pull.pull("litellm", at=day("2026-11-01"), body=b"<html>")
    page = as_(client, manager).get(reverse("price-sources")).content.decode()
    assert "an HTML page" in page
    assert "1 Oct 2026" in page


def test_what_was_found_is_a_file(client, manager, seen, see):
    see("2026-10-02", entries(**{"a": 0.2, "=1+1": 1.0}))
    client = as_(client, manager)
    found = client.get(reverse("price-json"), {"q": "neighbour"}).json()
    assert len(found) == 9
    assert (found[0]["amount"], found[0]["currency"], found[0]["unit"]) == (1, "USD", "mtok")
    table = client.get(reverse("price-csv")).content.decode().splitlines()
    assert table[0].startswith("offer_id,kind,provider")
    assert any(",'=1+1," in line for line in table)


def test_hostile_text_is_text(client, manager, book):
    bad = "<script>alert(1)</script>"
    found = {
        bad: {
            "litellm_provider": "openai",
            "mode": "chat",
            "input_cost_per_token": 1e-6,
            "source": "javascript:alert(1)",
        }
    }
    import json

    pull.pull("litellm", at=OCTOBER, body=json.dumps(found).encode())
    client = as_(client, manager)
    for url in (reverse("price-list"), reverse("price-detail", args=[Offer.objects.get().pk])):
        page = client.get(url).content.decode()
        assert bad not in page
        assert 'href="javascript' not in page


def decide(client, verdict, reason="seen on the price page"):
    price = quarantine.waiting().get()
    data = {"verdict": verdict, "pending_id": price.pending_id, "reason": reason}
    return client.post(reverse("quarantine-decide", args=[price.pk]), data)


@pytest.mark.parametrize(("verdict", "amount"), [("accept", "0.2"), ("reject", "1")])
def test_an_administrator_decides(client, administrator, seen, verdict, amount):
    assert decide(as_(client, administrator), verdict).status_code == 302
    held = CurrentPrice.objects.get(offer=seen).observation
    assert held is not None
    assert held.amount == Decimal(amount)
    assert Observation.objects.filter(decided_by="admin@example.org").count() == 1


def test_an_administrator_gives_a_reason(client, administrator, seen):
    decide(as_(client, administrator), "accept", reason="")
    assert quarantine.waiting().exists()


def test_nobody_else_decides_or_pulls(client, manager, seen):
    client = as_(client, manager)
    assert decide(client, "accept").status_code == 404
    assert client.post(reverse("source-pull", args=["litellm"])).status_code == 404
    assert "Accept" not in client.get(reverse("price-quarantine")).content.decode()


def test_decisions_are_not_made_by_a_link(client, administrator, seen):
    price = quarantine.waiting().get()
    assert (
        as_(client, administrator).get(reverse("quarantine-decide", args=[price.pk])).status_code
        == 405
    )


QUOTE = {
    "kind": "gpu",
    "provider": "Nebius",
    "gpu": "H100 SXM",
    "gpu_count": "8",
    "mode": "reserved",
    "term_months": "12",
    "currency": "EUR",
    "gpu_hour": "1.50",
    "evidence": "offer 4711",
}


def test_a_manager_adds_a_quote_that_only_the_team_sees(client, manager, stranger, team):
    answer = as_(client, manager).post(reverse("quote-add", args=[team.pk]), QUOTE)
    assert answer.status_code == 302
    assert "EUR 1.50" in client.get(answer["Location"]).content.decode()
    assert as_(client, stranger).get(answer["Location"]).status_code == 404


def test_a_quote_for_a_listed_offer_is_hidden_from_others(client, manager, stranger, team, seen):
    data = {**QUOTE, "kind": "token", "model": "a", "input": "0.4321"}
    url = f"{reverse('quote-add', args=[team.pk])}?offer={seen.pk}"
    assert as_(client, manager).post(url, data).status_code == 302
    detail = reverse("price-detail", args=[seen.pk])
    assert "0.4321" in client.get(detail).content.decode()
    assert "0.4321" not in as_(client, stranger).get(detail).content.decode()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"gpu_hour": "-1"}, None),
        ({"gpu_hour": "0"}, None),
        ({"gpu_hour": ""}, None),
        ({"gpu_hour": "NaN"}, "gpu_hour"),
        ({"gpu_hour": "1e400"}, "gpu_hour"),
        ({"currency": "XXX"}, "currency"),
        ({"provider": ""}, "provider"),
        ({"gpu": ""}, "gpu"),
        ({"term_months": ""}, "term_months"),
        ({"valid_until": "2020-01-01"}, "valid_until"),
        ({"evidence": ""}, "evidence"),
    ],
)
def test_a_wrong_quote_is_refused_beside_its_field(client, manager, team, wrong, field):
    answer = as_(client, manager).post(reverse("quote-add", args=[team.pk]), {**QUOTE, **wrong})
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert (field or "__all__") in errors
    assert not Observation.objects.exists()
    assert "offer 4711" in answer.content.decode() or "evidence" in wrong


def test_a_quote_for_another_team_does_not_exist(client, stranger, team):
    url = reverse("quote-add", args=[team.pk])
    assert as_(client, stranger).get(url).status_code == 404
    assert client.post(url, QUOTE).status_code == 404
