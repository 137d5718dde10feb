"""A price leaves quarantine by a second source or by a person with a reason."""

import pytest

from pricing import quarantine
from pricing.models import CurrentPrice, Observation
from tests.pricing.conftest import day, entries

AT = day("2026-10-02")


@pytest.fixture
def waits(see):
    see("2026-08-02", entries(a=1.0))
    see("2026-10-01", entries(a=0.2))
    return quarantine.waiting().get()


def test_what_waits_shows_the_price_before(waits):
    assert (waits.observation.amount, float(waits.pending.amount)) == (1, 0.2)
    assert waits.other_amount is None


def test_a_person_accepts_with_a_reason(waits):
    accepted = quarantine.accept(
        price=waits, by="a@example.org", reason="price page says so", at=AT
    )
    assert accepted.refers_to == waits.pending
    assert accepted.decided_by == "a@example.org"
    row = CurrentPrice.objects.get(pk=waits.pk)
    assert (row.observation, row.pending) == (accepted, None)
    assert not quarantine.waiting()


def test_a_person_rejects_and_the_same_price_stays_out(waits, see):
    quarantine.reject(price=waits, by="a@example.org", reason="a slip", at=AT)
    assert not quarantine.waiting()
    again = see("2026-10-03", entries(a=0.2, b=1.0))
    assert (again.quarantined, again.accepted) == (0, 1)
    assert float(see("2026-10-04", entries(a=0.1, b=1.0)).quarantined) == 1


@pytest.mark.parametrize("decide", [quarantine.accept, quarantine.reject])
def test_a_decision_needs_a_reason_and_is_made_once(waits, decide):
    with pytest.raises(quarantine.NotAllowed, match="why"):
        decide(price=waits, by="a", reason=" ", at=AT)
    decide(price=waits, by="a", reason="so", at=AT)
    with pytest.raises(quarantine.NotAllowed):
        decide(price=waits, by="b", reason="so", at=AT)
    assert Observation.objects.filter(refers_to=waits.pending).count() == 1


def test_what_changed_since_the_page_was_shown_is_not_decided(waits, see):
    see("2026-10-03", entries(a=0.1))
    with pytest.raises(quarantine.NotAllowed, match="changed"):
        quarantine.accept(price=waits, by="a", reason="so", at=AT)


def test_an_unknown_currency_cannot_be_accepted(see):
    other = {"x/y": {"litellm_provider": "x", "mode": "chat", "input_cost_per_token": 1e-6}}
    see("2026-08-02", other)
    with pytest.raises(quarantine.NotAllowed, match="currency"):
        quarantine.accept(price=quarantine.waiting().get(), by="a", reason="so", at=AT)
