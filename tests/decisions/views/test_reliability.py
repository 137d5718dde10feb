"""The reliability plan: six parts with owner, last test and cost."""

import pytest
from django.utils import timezone

from decisions.models import Decision, ReliabilityPart
from tests.factories import make_decision, make_member, make_team


@pytest.fixture
def decision(db, client):
    team = make_team()
    manager = make_member(team)
    client.force_login(manager)
    return make_decision(team, by=manager, chosen="Rented")


def url(decision, page="reliability"):
    return f"/decisions/{decision.pk}/{page}/"


def save(client, decision, **fields):
    version = Decision.objects.get(pk=decision.pk).version
    return client.post(url(decision), {"version": version, **fields})


def totals(client, decision):
    found = client.get(url(decision, "options")).context["answered"].result["options"]
    return {each["name"]: each["per_month"]["total"] for each in found}


def test_the_plan_counts_for_self_hosted_options_and_answers_the_gate(client, decision):
    before = totals(client, decision)
    checklist = client.get(url(decision, "checklist")).content.decode()
    assert "names no fallback" in checklist
    saved = save(
        client,
        decision,
        fallback_owner="Ann",
        fallback_tested_on=timezone.localdate().isoformat(),
        fallback_monthly_cost="150",
        updates_plan="Blue-green.",
    )
    assert saved.status_code == 302
    after = totals(client, decision)
    assert after["Rented"] == before["Rented"] + 150
    assert after["Closed"] == before["Closed"]
    assert "Ann looks after the fallback" in client.get(url(decision, "checklist")).content.decode()
    assert ReliabilityPart.objects.count() == 2
    assert "With an owner: 1 of 6 parts" in client.get(url(decision)).content.decode()


def test_a_part_can_be_emptied_again(client, decision):
    save(client, decision, fallback_owner="Ann", fallback_monthly_cost="150")
    save(client, decision)
    part = ReliabilityPart.objects.get()
    assert (part.owner, part.monthly_cost) == ("", None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fallback_monthly_cost", "-5"),
        ("fallback_tested_on", "2999-01-01"),
        ("updates_monthly_cost", "NaN"),
    ],
)
def test_bad_entries_are_refused_beside_their_field_and_kept(client, decision, field, value):
    page = save(client, decision, **{field: value})
    assert page.context["form"].errors[field]
    assert page.context["form"][field].value() == value
    assert not ReliabilityPart.objects.exists()


def test_opening_and_saving_changes_nothing(client, decision):
    day = timezone.localdate().isoformat()
    save(
        client, decision, fallback_owner="Ann", fallback_tested_on=day, fallback_monthly_cost="1.5"
    )
    before = ReliabilityPart.objects.values().get()
    shown = client.get(url(decision))
    assert f'value="{day}"' in shown.content.decode()
    form = shown.context["form"]
    typed = {n: form[n].value() for n in form.fields if form[n].value() not in (None, "")}
    assert client.post(url(decision), typed).status_code == 302
    assert ReliabilityPart.objects.values().get() == before


def test_a_mistake_about_reliability_leads_here(client, decision):
    shown = client.get(f"/decisions/{decision.pk}/").content.decode()
    assert f'href="{url(decision)}"' in shown


def test_findings_stand_on_the_checklist(client, decision):
    page = client.get(url(decision, "checklist"))
    assert len(page.context["findings"]) == 11
    assert "The default is an API unless self-hosting clearly wins" in page.content.decode()
