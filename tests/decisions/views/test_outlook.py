"""The outlook: what would change the answer, and what it has cost since it was signed."""

import json

import pytest
from django.urls import reverse

from decisions import standing
from decisions.models import Snapshot
from tests.factories import NOW, make_decision, make_member, make_snapshot, make_team


@pytest.fixture
def decision(db, client):
    team = make_team()
    manager = make_member(team)
    client.force_login(manager)
    return make_decision(team, by=manager, chosen="Closed")


def page_of(client, decision):
    return client.get(reverse("decision-outlook", args=[decision.pk])).content.decode()


def test_it_names_the_nearest_thing_and_its_distance(client, decision):
    page = page_of(client, decision)
    assert "Managed is best today. The nearest thing that would change it:" in page
    assert "Nothing is signed off yet." in page


def test_it_says_what_the_signed_choice_has_cost(client, decision):
    signed = json.loads(make_snapshot(decision).record_json)
    page = page_of(client, decision)
    assert f"{signed['question']['chosen']} was signed off on" in page
    assert "Regret per quarter" in page
    assert Snapshot.objects.get().signed_at == NOW


def test_an_empty_decision_says_what_to_do_next(client, decision):
    decision.options.all().delete()
    assert "There is no answer yet that could change." in page_of(client, decision)


def test_it_shows_what_is_cheapest_around_today(client, decision):
    page = client.get(reverse("decision-outlook", args=[decision.pk]))
    chart, landscape = page.context["chart"], page.context["landscape"]
    assert chart.description.startswith("Today Managed is cheapest.")
    assert {name for _, names in chart.table for name in names} >= {"Managed"}
    other = next(choice for choice in landscape.choices if choice != landscape.what)
    again = client.get(reverse("decision-outlook", args=[decision.pk]), {"price": other})
    assert again.context["chart"].what == other
    nonsense = client.get(reverse("decision-outlook", args=[decision.pk]), {"price": "nonsense"})
    assert nonsense.context["chart"].what == landscape.what


def test_signed_quarters_lie_on_the_path(client, decision):
    question = standing.answer(decision).asked.raw
    for name in ("input_tokens_per_month", "output_tokens_per_month"):
        question["workload"][name] /= 4
    signed = {"question": question, "prices": []}
    make_snapshot(decision, period="2026 Q3", record_json=json.dumps(signed))
    page = client.get(reverse("decision-outlook", args=[decision.pk]))
    (signed,) = page.context["landscape"].path
    assert (signed.period, signed.scale) == ("2026 Q3", 0.25)
    assert "<title>2026 Q3</title>" in page.content.decode()
