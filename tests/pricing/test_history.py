"""Three days of one source's file, served and pulled in order: what is believed, and what is not.

The recorded files hold what really happened between August and November 2026: a host's prices that
were 100,000 times too high, a cut by 80 %, a marketplace that vanished from the file.
"""

import json
from decimal import Decimal

import pytest
from django.core.management import call_command

from pricing import queries
from pricing.models import CurrentPrice, Observation, Offer, SourceHealth
from tests.pricing.conftest import day, recorded

AUGUST, OCTOBER, NOVEMBER = "2026-08-02", "2026-10-01", "2026-11-17"
DAYS = (AUGUST, OCTOBER, NOVEMBER)
LUNA = "gpt-5.6-luna"
MEASURES = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cached_input",
}


@pytest.fixture
def pull_on(book, httpserver, settings, capsys):
    """Return a function that serves the file of a day as the source's, and pulls by the command."""
    server = httpserver
    settings.PRICE_SOURCE_URLS = {"litellm": server.url_for("/litellm")}
    server.expect_request("/genai").respond_with_data(recorded("genai_prices.json"))

    def pull(on, source="litellm"):
        arguments = ["--source", source, "--seen-at", on, "--json"]
        if source == "litellm":
            name = f"litellm-history-{on}.json"
            server.expect_oneshot_request("/litellm").respond_with_data(recorded(name))
        else:
            arguments += ["--from", server.url_for("/genai")]
        call_command("pull_prices", *arguments)
        return json.loads(capsys.readouterr().out)[0]

    return pull


@pytest.fixture
def pulled(pull_on):
    return [pull_on(on) for on in DAYS]


def told(on):
    """Return the prices of a day's file in USD per million tokens, by its own names."""
    entries = json.loads(recorded(f"litellm-history-{on}.json"), parse_float=Decimal)
    return {
        (name, MEASURES[field]): entry[field] * 1_000_000
        for name, entry in entries.items()
        for field in MEASURES
        if field in entry
    }


def seen(name, *, provider, source="litellm", measure="input"):
    rows = Observation.objects.filter(
        offer__source_name=name, offer__provider=provider, source=source, measure=measure
    )
    return [(row.status, row.amount) for row in rows.order_by("pk")]


def test_every_change_is_an_observation_of_its_day(pulled):
    before, after = told(AUGUST), told(OCTOBER)
    changed = {key for key in before if key in after and after[key] != before[key]}
    observed = Observation.objects.filter(seen_at=day(OCTOBER)).select_related("offer")
    found = {(row.offer.source_name, row.measure) for row in observed}
    assert len(changed) > 10
    assert {(name.partition("/")[2] or name, m) for name, m in changed} - {
        (f"{o.region}/{o.source_name}", m)
        for o in Offer.objects.filter(provider="azure")
        for m in MEASURES.values()
    } <= found


def test_what_rose_as_announced_is_accepted(pulled):
    name = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
    assert seen(name, provider="together")[:2] == [
        ("accepted", Decimal("0.88")),
        ("accepted", Decimal("1.04")),
    ]


def test_prices_that_are_absurd_are_never_accepted_and_their_corrections_are(pulled):
    wandb = Observation.objects.filter(offer__provider="wandb")
    assert wandb.filter(status="rejected", amount__gt=1000).count() > 10
    accepted = wandb.filter(status__in=["accepted", "withdrawn"])
    assert accepted.filter(seen_at=day(OCTOBER)).exists()
    assert not accepted.filter(amount__gt=10).exists()
    assert not Observation.objects.filter(status="accepted", amount__gt=200).exists()


def test_a_cut_waits_until_another_source_says_it_too(pull_on):
    pull_on(AUGUST)
    pull_on(OCTOBER)
    assert seen(LUNA, provider="openai") == [("accepted", 1), ("quarantined", Decimal("0.2"))]
    pull_on(NOVEMBER, source="genai_prices")
    row = CurrentPrice.objects.get(
        offer__source_name=LUNA, offer__provider="openai", measure="input", source="litellm"
    )
    assert row.observation is not None
    assert row.observation.amount == Decimal("0.2")
    assert "genai_prices" in row.observation.evidence


def test_hosts_that_followed_the_maker_are_accepted_with_it(pull_on):
    pull_on(AUGUST)
    pull_on(OCTOBER)
    hosts = CurrentPrice.objects.filter(offer__model=LUNA, offer__provider__in=["azure", "aws"])
    assert set(hosts.values_list("observation__status", "pending__status")) == {
        ("accepted", "quarantined")
    }
    pull_on(NOVEMBER, source="genai_prices")
    prices = hosts.filter(measure="input").values_list("offer__region", "observation__amount")
    assert set(prices) == {
        ("", Decimal("0.2")),
        ("", Decimal("0.22")),
        ("us", Decimal("0.22")),
        ("eu", Decimal("0.22")),
    }
    assert not hosts.filter(pending__isnull=False).exists()
    reasons = {row.observation.reason for row in hosts.select_related("observation")}
    assert reasons == {"moved with its maker's price, by another source"}


def test_a_host_that_fell_further_than_the_maker_goes_on_waiting(pull_on, see):
    pull_on(AUGUST)
    entries = json.loads(recorded(f"litellm-history-{OCTOBER}.json"))
    entries[f"azure/{LUNA}"]["input_cost_per_token"] = 1e-7
    see(OCTOBER, entries, neighbours=False)
    pull_on(NOVEMBER, source="genai_prices")
    row = CurrentPrice.objects.get(
        offer__source_name=LUNA, offer__provider="azure", offer__region="", measure="input"
    )
    assert row.pending is not None
    assert (row.pending.status, row.pending.amount) == ("quarantined", Decimal("0.1"))


def test_hosts_that_vanish_are_held_with_their_prices_and_shown_so(pulled, client, admin_user):
    assert "openrouter" in pulled[-1]["held_providers"]
    held = SourceHealth.objects.get(source="litellm").held_providers["openrouter"]
    assert (held["now"], held["before"] > 0) == (0, True)
    offers = queries.find_offers(kind="token", text="openrouter")
    assert offers
    assert {p.status for o in offers for p in o.measures.values()} == {"accepted"}
    assert {p.checked_at for o in offers for p in o.measures.values()} == {day(OCTOBER)}
    client.force_login(admin_user)
    page = client.get("/prices/sources/").content.decode()
    assert f"openrouter: 0 of {held['before']} offers left" in page


def test_the_last_pull_again_adds_nothing(pulled, pull_on):
    before = Observation.objects.count()
    again = pull_on(NOVEMBER)
    assert (again["accepted"], again["quarantined"], again["rejected"]) == (0, 0, 0)
    assert Observation.objects.count() == before


def test_the_past_answers_as_it_was(pulled):
    offer = Offer.objects.get(source_name=LUNA, provider="openai", region="")
    then = queries.price_at(offer, "input", day("2026-09-01"))
    assert then is not None
    assert then.amount == 1
