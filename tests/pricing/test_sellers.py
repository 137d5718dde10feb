"""A person releases a held provider, or says in which currency one writes; both leave a trace."""

from decimal import Decimal

import pytest

from decisions.models import AuditEvent
from pricing import families, pull, quarantine, sellers, tasks
from pricing.models import CurrentPrice, ExchangeRate, ModelFamily, Observation, Offer, SourceHealth
from tests.pricing.conftest import NEIGHBOURS, day, entries

AUGUST, OCTOBER, NOVEMBER = "2026-08-02", "2026-10-01", "2026-11-17"
FEW = dict(list(NEIGHBOURS.items())[:3])
WHO = {"by": "a@example.org", "reason": "their page lists three", "at": day(OCTOBER)}
# A provider that the product's own table does not know.
STRANGE = {
    f"strange/m{n}": {
        "litellm_provider": "strange",
        "mode": "chat",
        "input_cost_per_token": price / 1e6,
    }
    for n, price in enumerate([1.0, 2.0, 400.0])
}


@pytest.fixture
def shrunk(see):
    see(AUGUST, {})
    see(OCTOBER, FEW, neighbours=False)


@pytest.fixture
def euro(db):
    for code in ("USD", "CHF"):
        ExchangeRate.objects.create(
            date="2026-08-01", currency=code, per_eur="1.1", source="ecb", seen_at=day(AUGUST)
        )


def told(what):
    return AuditEvent.objects.get(what=what)


def test_a_held_provider_shows_what_is_left_of_it(shrunk):
    held = sellers.held()
    assert [(h.source, h.provider, h.before, h.now) for h in held] == [("litellm", "openai", 9, 3)]
    assert held[0].last_good == day(AUGUST)


def test_a_released_provider_sells_what_its_next_answer_lists(shrunk, see):
    job = sellers.release(source="litellm", provider="openai", **WHO)
    assert (job.kind, sellers.held()[0].is_released) == (pull.KIND, True)
    report = see(NOVEMBER, FEW, neighbours=False)
    assert (report.held_providers, report.withdrawn, report.unchanged) == ([], 6, 3)
    assert sellers.held() == []
    assert "three" in told("held provider released").after


def test_a_released_provider_that_shrinks_further_is_held_again(shrunk, see):
    sellers.release(source="litellm", provider="openai", **WHO)
    one = dict(list(FEW.items())[:1])
    assert see(NOVEMBER, one, neighbours=False).held_providers == ["openai"]


def test_the_same_answer_is_read_again_after_a_release(shrunk, see):
    SourceHealth.objects.update(validators={"https://x": {"etag": "1"}})
    sellers.release(source="litellm", provider="openai", **WHO)
    assert see(OCTOBER, FEW, neighbours=False).withdrawn == 6
    assert not SourceHealth.objects.get(source="litellm").must_reread


def test_a_source_to_read_again_is_due_at_once(db):
    SourceHealth.objects.create(source="litellm", last_check_at=day(OCTOBER), must_reread=True)
    due = [job.payload["source"] for job in tasks.ask_for_due(at=day(OCTOBER))]
    assert "litellm" in due


@pytest.mark.parametrize(
    ("provider", "reason"), [("mistral", "so"), ("openai", " ")], ids=["not held", "no reason"]
)
def test_a_release_needs_a_held_provider_and_a_reason(shrunk, provider, reason):
    with pytest.raises(quarantine.NotAllowed):
        sellers.release(source="litellm", provider=provider, **{**WHO, "reason": reason})
    assert not AuditEvent.objects.exists()


def test_a_release_is_made_once(shrunk):
    sellers.release(source="litellm", provider="openai", **WHO)
    with pytest.raises(quarantine.NotAllowed, match="already"):
        sellers.release(source="litellm", provider="openai", **WHO)


def test_a_stated_currency_lets_waiting_prices_in_and_judges_them(see, euro):
    see(AUGUST, STRANGE)
    assert sellers.without_currency() == [
        {"source": "litellm", "provider": "strange", "waiting": 3}
    ]
    sellers.set_currency(source="litellm", provider="strange", code="CHF", **WHO)
    rows = CurrentPrice.objects.filter(offer__provider="strange", observation__isnull=False)
    assert {(r.observation.amount, r.observation.currency) for r in rows if r.observation} == {
        (1, "CHF"),
        (2, "CHF"),
    }
    # One is beyond what tokens usually cost: it goes on waiting, with its currency.
    assert quarantine.waiting().get().pending.currency == "CHF"
    assert sellers.without_currency() == []
    assert "CHF" in told("provider's currency set").after


def test_later_answers_are_read_in_the_stated_currency(see, euro):
    see(AUGUST, STRANGE)
    sellers.set_currency(source="litellm", provider="strange", code="CHF", **WHO)
    dearer = {**STRANGE, "strange/m0": {**STRANGE["strange/m0"], "input_cost_per_token": 1.5e-6}}
    assert see(NOVEMBER, dearer).accepted == 1
    newest = Observation.objects.order_by("-pk").first()
    assert newest is not None
    assert (newest.amount, newest.currency) == (Decimal("1.5"), "CHF")


@pytest.mark.parametrize(
    "wrong", [{"code": "XXX"}, {"provider": "nobody"}, {"reason": ""}], ids=lambda w: next(iter(w))
)
def test_a_currency_needs_a_rate_a_seller_and_a_reason(see, euro, wrong):
    see(AUGUST, STRANGE)
    asked = {"source": "litellm", "provider": "strange", "code": "CHF", **WHO, **wrong}
    with pytest.raises(quarantine.NotAllowed):
        sellers.set_currency(**asked)


def test_a_reclassified_family_changes_its_offers_and_is_noted(see):
    see(AUGUST, {})
    assert set(Offer.objects.values_list("weights", flat=True)) == {"closed"}
    family = ModelFamily.objects.get(name=Offer.objects.values_list("family", flat=True)[0])
    changed = families.set_weights(family=family, weights="open", **WHO)
    assert changed == 9
    assert set(Offer.objects.values_list("weights", flat=True)) == {"open"}
    assert told("model family reclassified").before == '{"weights":"closed"}'


def test_what_a_source_says_of_weights_survives_where_the_list_is_silent(see):
    see(AUGUST, {"zzz": {**STRANGE["strange/m0"], "litellm_provider": "openai"}})
    Offer.objects.filter(source_name="zzz").update(weights="open")
    families.reclassify()
    assert Offer.objects.get(source_name="zzz").weights == "open"


def test_a_judged_price_is_in_the_audit_trail(see):
    see(AUGUST, entries(a=1.0))
    see(OCTOBER, entries(a=0.2))
    quarantine.accept(price=quarantine.waiting().get(), **WHO)
    event = told("price accepted")
    assert (event.actor, "0.2 USD" in event.after, "1 USD" in event.before) == (
        "a@example.org",
        True,
        True,
    )
