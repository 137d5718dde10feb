"""The usual mixes: classes of requests, each with its share, its bar and who answers it."""

import pytest

from decisions.models import Decision, Option
from tests.factories import make_decision, make_member, make_team


@pytest.fixture
def decision(db, client):
    team = make_team()
    manager = make_member(team)
    client.force_login(manager)
    return make_decision(team, by=manager)


def url(decision, slug):
    return f"/decisions/{decision.pk}/options/mixes/{slug}/"


def add(client, decision, slug="bulk-and-hard", **fields):
    form = client.get(url(decision, slug)).context["form"]
    typed = {name: form[name].value() for name in form.fields}
    known = {name: value for name, value in typed.items() if value is not None}
    return client.post(url(decision, slug), {**known, **fields})


def test_bulk_and_hard_with_a_bar_for_each(client, decision):
    chosen = {"option_0": "Reserved", "option_1": "Closed"}
    assert add(client, decision, least_0="80", least_1="95", **chosen).status_code == 302
    mix = Option.objects.get(kind="hybrid")
    assert mix.figures["parts"] == [
        {"option": "Reserved", "share": 0.8, "class": "bulk"},
        {"option": "Closed", "share": 0.2, "class": "hard"},
    ]
    workload = Decision.objects.get().workload
    assert [each["least_quality"] for each in workload.traffic] == [0.8, 0.95]


def test_sensitive_data_rules_out_what_sends_it_away(client, decision):
    shares = {"share_0": "30", "share_1": "70", "option_0": "Reserved", "option_1": "Managed"}
    assert add(client, decision, "sensitive-and-general", **shares).status_code == 302
    page = client.get(f"/decisions/{decision.pk}/options/")
    unmet = {o["name"]: o["unmet"] for o in page.context["answered"].result["options"]}
    mix = Option.objects.get(kind="hybrid").name
    assert unmet[mix] == []
    assert unmet["Reserved"] == []
    assert unmet["Managed"] == ["privacy"]


def test_a_fine_tuned_class_needs_machines_that_run_it(client, decision):
    shares = {"share_0": "30", "share_1": "70", "option_0": "Managed", "option_1": "Closed"}
    assert add(client, decision, "fine-tuned-and-base", **shares).status_code == 302
    page = client.get(f"/decisions/{decision.pk}/options/")
    mix = Option.objects.get(kind="hybrid").name
    assert page.context["answered"].option(mix)["unmet"] == ["custom_model"]


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("share_1", {"share_1": "30"}),
        ("class_1", {"class_1": "bulk"}),
        ("option_1", {"option_0": "Closed", "option_1": "Closed"}),
        ("name", {"name": "Closed"}),
    ],
)
def test_a_mix_that_is_none_is_refused_and_nothing_is_stored(client, decision, field, typed):
    page = add(client, decision, **{"option_0": "Reserved", "option_1": "Closed", **typed})
    assert page.status_code == 200
    assert page.context["form"].errors[field]
    assert not Option.objects.filter(kind="hybrid").exists()
    assert Decision.objects.get().workload.traffic == []


def test_the_classes_of_a_mix_survive_an_edit_of_its_shares(client, decision):
    add(client, decision, option_0="Reserved", option_1="Closed")
    mix = Option.objects.get(kind="hybrid")
    address = f"/decisions/{decision.pk}/options/{mix.pk}/"
    form = client.get(address).context["form"]
    typed = {n: form[n].value() for n in form.fields if form[n].value() is not None}
    assert client.post(address, {**typed, "note": "Seen"}).status_code == 302
    mix.refresh_from_db()
    sent = {part["option"]: part["class"] for part in mix.figures["parts"]}
    assert sent == {"Reserved": "bulk", "Closed": "hard"}


def test_an_unknown_mix_is_not_there(client, decision):
    assert client.get(url(decision, "everything")).status_code == 404
