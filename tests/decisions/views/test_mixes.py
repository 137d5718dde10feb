"""Base load and peaks: the page, the rule, and the mix as an option."""

import pytest

from decisions.models import Option
from tests.factories import make_decision, make_member, make_team

HARDWARE = {"model": "Llama-3.3-70B", "quantization": "fp8", "gpu": "H100"}
OPTIONS = {
    "Closed": ("closed_api", {"input_per_mtok": 3, "output_per_mtok": 15}),
    "Rented": ("rented_gpu", {**HARDWARE, "price_per_gpu_hour": 2.5}),
}


@pytest.fixture
def decision(db, client):
    team = make_team()
    manager = make_member(team)
    client.force_login(manager)
    decision = make_decision(team, by=manager, options=OPTIONS)
    decision.workload.input_tokens_per_month *= 60
    decision.workload.output_tokens_per_month *= 60
    decision.workload.save()
    return decision


def url(decision, rest=""):
    return f"/decisions/{decision.pk}/options/mix/{rest}"


def test_the_mix_is_cheaper_than_either_alone_and_says_why(client, decision):
    page = client.get(url(decision))
    found = page.context["mix"]
    assert found.plan.best.replicas >= 2
    assert found.plan.best.total < found.plan.api_only.total
    assert found.hours_are_assumed
    assert (
        f"{found.plan.worth_from * 100:.1f}".rstrip("0").rstrip(".") + "%" in page.content.decode()
    )
    assert "No hourly profile is stored" in page.content.decode()


def adopt(client, decision):
    decision.refresh_from_db()
    asked = {"version": decision.version, "own": "Rented", "api": "Closed"}
    return client.post(url(decision, "adopt/"), asked)


def test_adopted_it_costs_what_was_promised_and_fits(client, decision):
    promised = client.get(url(decision)).context["mix"]
    assert adopt(client, decision).status_code == 302
    mix = Option.objects.get(kind="hybrid")
    shown = client.get(f"/decisions/{decision.pk}/options/").context["answered"].option(mix.name)
    assert shown["per_month"]["total"] == pytest.approx(promised.plan.best.total, rel=1e-4)
    assert shown["fits"] is True
    assert shown["gpus"] == promised.replicas * promised.tensor_parallel
    assert shown["unmet"] == []


def test_adopted_twice_is_refused(client, decision):
    adopt(client, decision)
    page = client.post(
        url(decision, "adopt/"),
        {"version": decision.version + 1, "own": "Rented", "api": "Closed"},
        follow=True,
    )
    assert "has this name" in page.content.decode()
    assert Option.objects.filter(kind="hybrid").count() == 1


def test_a_spare_replica_stands_by_where_availability_asks_for_it(client, decision):
    before = client.get(url(decision)).context["mix"]
    decision.workload.availability = 0.9995
    decision.workload.save()
    after = client.get(url(decision)).context["mix"]
    assert after.replicas == before.replicas + 1
    adopt(client, decision)
    mix = Option.objects.get(kind="hybrid")
    shown = client.get(f"/decisions/{decision.pk}/options/").context["answered"].option(mix.name)
    assert shown["fits"] is True
    assert shown["per_month"]["total"] == pytest.approx(after.plan.best.total, rel=1e-4)


def test_where_no_replica_pays_there_is_nothing_to_add(client, decision):
    decision.workload.input_tokens_per_month = 1e6
    decision.workload.output_tokens_per_month = 1e6
    decision.workload.save()
    page = client.get(url(decision))
    assert "No replica pays" in page.content.decode()
    assert b"Add this mix" not in page.content
    adopt(client, decision)
    assert not Option.objects.filter(kind="hybrid").exists()


def test_without_machines_the_page_says_what_to_do(client, decision):
    decision.options.filter(name="Rented").delete()
    assert "Let the price book suggest" in client.get(url(decision)).content.decode()
