"""The options' pages: stored and typed prices, faults beside their field, hybrids, undo."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from decisions import drafts
from decisions.models import Decision, Option
from pricing import pull, quotes
from pricing.models import Offer
from tests.decisions import stories
from tests.decisions.stories import NOW
from tests.decisions.test_prices_used import ECB, litellm, pulled


@pytest.fixture
def story(db, client):
    story = stories.ready()
    client.force_login(story.manager)
    return story


@pytest.fixture
def together(story):
    pulled(ECB, source="ecb")
    pulled(litellm(input_usd_per_mtok=0.88, output_usd_per_mtok=0.88))
    return Offer.objects.get(provider="together", model__icontains="llama-3.3-70b")


def url(story, rest=""):
    return f"/decisions/{story.decision.pk}/options/{rest}"


def version(story):
    return Decision.objects.get(pk=story.decision.pk).version


def add(client, story, kind, **fields):
    data = {"version": version(story), **fields}
    return client.post(url(story, f"add/?kind={kind}"), data)


def edit(client, story, option, **fields):
    form = client.get(url(story, f"{option.pk}/")).context["form"]
    data = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    return client.post(url(story, f"{option.pk}/"), {**data, **fields})


def refusal(page, field):
    return " ".join(page.context["form"].errors.get(field, []))


def test_an_option_with_typed_prices(client, story):
    page = add(client, story, "closed_api", name="GPT", input_per_mtok="1,25", output_per_mtok="10")
    assert page.status_code == 302
    assert story.option("GPT").figures == {"input_per_mtok": 1.25, "output_per_mtok": 10.0}
    listed = client.get(url(story)).content.decode()
    assert "typed" in listed
    assert "EUR 4,250" in listed


@pytest.mark.parametrize("typed", ["-1", "NaN", "1e400", "inf", "1,234", "free"])
def test_a_bad_price_is_refused_beside_its_field_and_kept(client, story, typed):
    page = add(client, story, "closed_api", name="X", input_per_mtok=typed, output_per_mtok="1")
    assert page.status_code == 200
    assert refusal(page, "input_per_mtok")
    assert page.context["form"]["input_per_mtok"].value() == typed
    assert not Option.objects.filter(name="X").exists()


def test_a_missing_price_is_refused_never_taken_for_zero(client, story):
    page = add(client, story, "closed_api", name="X", input_per_mtok="3")
    assert "type one in" in refusal(page, "output_per_mtok")
    assert not Option.objects.filter(name="X").exists()


def test_an_unknown_model_is_refused_with_near_names(client, story):
    page = add(
        client,
        story,
        "rented_gpu",
        name="X",
        model="Llama-3.3-70C",
        gpu="H1000",
        price_per_gpu_hour="2.5",
        gpus="2",
    )
    assert "Llama-3.3-70B" in refusal(page, "model")
    assert "H100" in refusal(page, "gpu")
    assert page.context["form"]["model"].value() == "Llama-3.3-70C"


def test_a_share_above_one_is_refused(client, story):
    page = add(
        client,
        story,
        "closed_api",
        name="X",
        input_per_mtok="1",
        output_per_mtok="1",
        batch_discount="120",
    )
    assert "at most 100 %" in refusal(page, "batch_discount")


def test_people_without_their_cost_are_refused_beside_them(client, story):
    story.team.loaded_cost_per_fte_year = None
    story.team.save()
    page = add(
        client, story, "rented_gpu", name="X", gpus="2", price_per_gpu_hour="2.5", ops_fte="0.5"
    )
    assert "team's page" in refusal(page, "ops_fte")


def test_rented_gpus_with_all_that_is_folded(client, story):
    page = add(
        client,
        story,
        "rented_gpu",
        name="Spot",
        gpus="2",
        price_per_gpu_hour="2.5",
        spot_discount="60",
        spot_interruptions_per_month="180",
        spot_recovery_minutes="10",
        setup_weeks="4",
        setup_people="2",
        ops_fte="0.25",
        fallback_option="Managed",
        fallback_share="10",
        runs_privately="no",
    )
    assert page.status_code == 302
    assert story.option("Spot").figures == {
        "gpus": 2,
        "price_per_gpu_hour": 2.5,
        "spot": {"discount": 0.6, "interruptions_per_month": 180.0, "recovery_minutes": 10.0},
        "setup_weeks": 4.0,
        "setup_people": 2.0,
        "ops_fte": 0.25,
        "fallback": {"option": "Managed", "share": 0.1},
        "runs_privately": False,
    }


def test_owned_gpus_need_what_owning_takes(client, story):
    page = add(client, story, "owned_gpu", name="Own", gpus="2", purchase_per_gpu="30000")
    assert refusal(page, "kw_per_gpu") == "This is needed."
    page = add(
        client,
        story,
        "owned_gpu",
        name="Own",
        gpus="2",
        purchase_per_gpu="30000",
        kw_per_gpu="1.2",
        price_per_kwh="0.25",
        colo_per_kw_month="150",
    )
    assert page.status_code == 302


def test_opening_and_saving_changes_nothing(client, story):
    figures = {
        "gpus": 2,
        "price_per_gpu_hour": 2.5,
        "model": "Llama-3.3-70B",
        "gpu": "H100",
        "quantization": "fp8",
        "spot": {
            "discount": 0.005,
            "interruptions_per_month": 3.0,
            "recovery_minutes": 10.0,
            "drained": True,
        },
        "fallback": {"option": "Managed", "share": 0.1},
        "tuned": False,
    }
    option = drafts.add_option(
        story.decision,
        name="Rented",
        kind="rented_gpu",
        figures=figures,
        by=story.manager,
        at=NOW,
        version=version(story),
    )
    assert edit(client, story, option).status_code == 302
    assert story.option("Rented").figures == figures


def test_a_stored_price_is_found_and_used(client, story, together):
    found = client.get(url(story, "prices/?kind=managed_open&q=llama+70b"))
    assert b"llama-3.3-70b" in found.content.lower()
    page = add(client, story, "managed_open", offer_id=together.pk)
    assert page.status_code == 302
    option = Option.objects.get(offer_id=together.pk)
    assert option.name == str(together)[:80]
    assert option.figures == {}
    listed = client.get(url(story)).content.decode()
    assert "litellm" in listed
    assert "USD 0.88 at the rate of" in listed


def test_the_search_works_without_script_and_keeps_what_is_typed(client, story, together):
    page = add(client, story, "managed_open", name="Half typed", q="llama", search="1")
    assert page.status_code == 200
    assert b"Half typed" in page.content
    assert b"llama-3.3-70b" in page.content.lower()
    assert not page.context["form"].errors
    assert Option.objects.count() == 2


def test_a_stored_price_that_is_not_there_is_refused(client, story):
    page = add(client, story, "managed_open", name="X", offer_id="999999")
    assert "price book" in refusal(page, "offer_id")


def test_a_stored_price_with_an_impossible_number_is_refused(client, story):
    for offer_id in ("9" * 20, "9" * 5000, "-1"):
        page = add(client, story, "managed_open", name="X", offer_id=offer_id)
        assert refusal(page, "offer_id")


def test_another_teams_quote_is_no_price(client, story, together):
    Offer.objects.filter(pk=together.pk).update(for_team_id=story.team.pk + 1)
    page = add(client, story, "managed_open", name="X", offer_id=together.pk)
    assert "price book" in refusal(page, "offer_id")


def test_a_hybrid_is_made_of_shares_that_make_a_whole(client, story):
    parts = {f"part_{story.option(n).pk}": s for n, s in (("Closed", "20"), ("Managed", "70"))}
    page = add(client, story, "hybrid", name="Mix", measure="share", **parts)
    assert "sum to 90 %" in refusal(page, "__all__")
    parts[f"part_{story.option('Managed').pk}"] = "80"
    page = add(client, story, "hybrid", name="Mix", measure="share", **parts)
    assert page.status_code == 302
    assert {p["option"]: p["share"] for p in story.option("Mix").figures["parts"]} == {
        "Closed": 0.2,
        "Managed": 0.8,
    }


def test_a_hybrids_own_part_survives_an_edit(client, story):
    own = {"kind": "closed_api", "name": "Own", "input_per_mtok": 1, "output_per_mtok": 2}
    parts = [{"option": own, "share": 0.5}, {"option": "Managed", "share": 0.5}]
    option = drafts.add_option(
        story.decision,
        name="Mix",
        kind="hybrid",
        figures={"parts": parts},
        by=story.manager,
        at=NOW,
        version=version(story),
    )
    edit(client, story, option, note="Looked at")
    stored = story.option("Mix")
    assert stored.note == "Looked at"
    assert sorted(stored.figures["parts"], key=str) == sorted(parts, key=str)


def test_a_second_option_of_the_same_name_is_refused(client, story):
    page = add(client, story, "closed_api", name="Closed", input_per_mtok="1", output_per_mtok="1")
    assert "this name" in refusal(page, "name")


def test_two_people_at_once_lose_nothing(client, story):
    option = story.option("Closed")
    opened = {
        "version": version(story),
        "name": "Closed",
        "input_per_mtok": "4",
        "output_per_mtok": "15",
    }
    edit(client, story, option, input_per_mtok="5")
    page = client.post(url(story, f"{option.pk}/"), opened)
    assert page.status_code == 200
    assert story.option("Closed").figures["input_per_mtok"] == 5
    typed = {c.typed: c.stored for c in page.context["form"].conflicts}
    assert typed["4"] == "5"


def test_an_option_deleted_meanwhile_is_not_lost(client, story):
    option = story.option("Closed")
    opened = {
        "version": version(story),
        "name": "Closed",
        "input_per_mtok": "4",
        "output_per_mtok": "15",
    }
    client.post(url(story, f"{option.pk}/delete/"), {"version": version(story)})
    page = client.post(url(story, f"{option.pk}/"), {**opened, "kind": option.kind})
    assert "Somebody deleted this option" in page.content.decode()
    again = {**opened, "version": page.context["form"]["version"].value()}
    assert add(client, story, option.kind, **again).status_code == 302
    assert story.option("Closed").figures["input_per_mtok"] == 4


def test_deleting_asks_first_and_can_be_undone(client, story):
    option = story.option("Closed")
    before = drafts.values_of(option)
    assert client.get(url(story, f"{option.pk}/delete/")).status_code == 200
    client.post(url(story, f"{option.pk}/delete/"), {"version": version(story)})
    assert not Option.objects.filter(name="Closed").exists()
    assert b"Undo" in client.get(url(story)).content
    client.post(url(story, "restore/"))
    assert drafts.values_of(story.option("Closed")) == before
    client.post(url(story, "restore/"))
    assert Option.objects.filter(name="Closed").count() == 1


def test_an_option_in_use_is_not_deleted(client, story):
    parts = {f"part_{story.option(n).pk}": "50" for n in ("Closed", "Managed")}
    add(client, story, "hybrid", name="Mix", measure="share", **parts)
    page = client.post(
        url(story, f"{story.option('Closed').pk}/delete/"), {"version": version(story)}
    )
    assert b"Mix uses Closed" in page.content
    assert Option.objects.filter(name="Closed").exists()


@pytest.fixture
def price_book(story):
    """GPUs and exchange rates as they come with the product."""
    pull.pull("embedded_gpus", at=NOW)
    pulled(ECB, source="ecb")


@pytest.fixture
def models(story, price_book):
    """Prices of models too; there are thousands, so only tests that need them load them."""
    pull.pull("genai_prices", at=NOW, bundled=True)


def proposed(client, story, kind, *, query=""):
    page = client.get(url(story, f"suggest/{query}"))
    groups = dict(page.context["groups"])
    return groups.get(Option.Kind(kind).label, [])


def take(client, story, *proposals):
    keys = [each.key for each in proposals]
    return client.post(url(story, "suggest/"), {"version": version(story), "add": keys})


def test_suggested_machines_hold_the_load_at_stored_prices(client, story, price_book):
    rented = proposed(client, story, "rented_gpu")
    assert {each.offer.mode for each in rented} == {"on_demand", "spot"}
    assert all(each.costs["fits"] and each.costs["gpus"] >= 1 for each in rented)
    by_mode = [each.costs["per_month"]["gpus"] for each in rented if each.offer.mode == "spot"]
    assert by_mode == sorted(by_mode)
    take(client, story, rented[0])
    stored = Option.objects.get(kind="rented_gpu")
    assert stored.offer_id == rented[0].offer_id
    assert stored.figures["fallback"]["option"] == "Managed"
    answered = client.get(url(story)).context["answered"]
    assert answered.faults == []
    assert answered.option(stored.name)["per_month"] == rented[0].costs["per_month"]


def test_a_larger_load_is_offered_more_machines(client, story, price_book):
    before = proposed(client, story, "rented_gpu")[0].costs["gpus"]
    story.decision.workload.output_tokens_per_month *= 50
    story.decision.workload.save()
    after = proposed(client, story, "rented_gpu")[0]
    assert after.costs["gpus"] > before
    assert after.costs["fits"]


def test_every_host_of_the_open_model_is_offered(client, story, models):
    hosts = proposed(client, story, "managed_open")
    assert len(hosts) > 10
    assert len({(each.offer.provider, each.offer.host) for each in hosts}) == len(hosts)
    assert {each.offer.weights for each in hosts} <= {"open", "unknown"}
    bills = [each.costs["per_month"]["total"] for each in hosts]
    assert bills == sorted(bills)


def test_where_nobody_has_a_price_the_quote_is_asked_for_never_0(client, story, price_book):
    reserved = proposed(client, story, "reserved_gpu")
    assert [each.ask["term_months"] for each in reserved] == [12, 36]
    assert all(each.missing and each.costs is None for each in reserved)
    names = {each.name for each in proposed(client, story, "serverless_gpu") if each.missing}
    assert names == {"RunPod", "Replicate", "Hugging Face endpoints"}
    take(client, story, *reserved)
    assert not Option.objects.filter(kind="reserved_gpu").exists()
    form = client.get(f"/teams/{story.team.pk}/quotes/add/?{reserved[1].quote_query}")
    shown = form.context["form"]
    assert (shown["mode"].value(), shown["term_months"].value()) == ("reserved", "36")


def quote(story, **terms):
    quotes.add(
        team_id=story.team.pk,
        terms=quotes.Terms(kind="gpu", provider="seller", gpu="H100", **terms),
        amounts={"gpu_purchase" if terms["mode"] == "purchase" else "gpu_hour": Decimal(2)},
        currency_code="EUR",
        evidence="mail",
        by="manager",
        at=timezone.now(),
    )


def test_a_quote_becomes_a_candidate(client, story, price_book):
    quote(story, mode="reserved", term_months=12)
    first, second = proposed(client, story, "reserved_gpu")
    assert first.offer.provider == "seller"
    assert first.figures["term_months"] == 12
    assert first.is_ticked
    assert second.missing


def test_a_quote_to_buy_opens_the_form_with_what_is_known(client, story, price_book):
    quote(story, mode="purchase")
    (own,) = proposed(client, story, "owned_gpu")
    assert own.missing
    page = client.get(url(story, f"add/?kind=owned_gpu&offer={own.offer_id}"))
    assert page.context["form"]["kw_per_gpu"].value() == "1.275"
    assert page.context["used"].offer_id == own.offer_id
    page = add(
        client,
        story,
        "owned_gpu",
        name="Own",
        offer_id=own.offer_id,
        gpus="2",
        kw_per_gpu="1.275",
        price_per_kwh="0.2",
        colo_per_kw_month="150",
    )
    assert page.status_code == 302


def test_a_machine_that_is_sold_in_eights_is_counted_in_eights(client, story, price_book):
    quote(story, mode="reserved", term_months=36, gpu_count=8)
    eight = next(p for p in proposed(client, story, "reserved_gpu") if not p.missing)
    assert eight.costs["gpus"] == 8


def test_all_five_deployments_are_priced_or_say_what_is_missing(client, story, price_book):
    page = client.get(url(story, "five/"))
    found = {each.says: each for each in page.context["deployments"]}
    assert len(found) == 5
    assert found["Closed API"].proposal is None
    assert found["Rented GPUs"].costs["per_month"]["total"] > 0
    assert found["Rented GPUs"].proposal is not None
    assert found["Reserved or owned GPUs"].costs is None
    assert "Add the quote" in page.content.decode()
    assert found["Rented GPUs"].costs["dominated_by"]
    assert "dominated" in page.content.decode()


def test_a_suggested_closed_model_is_no_preview(client, story, models):
    story.decision.options.all().delete()
    closed = proposed(client, story, "closed_api")
    assert not any("preview" in each.offer.source_name for each in closed)
    assert {each.offer.provider for each in closed} <= {"anthropic", "google", "openai"}
    (mix,) = proposed(client, story, "hybrid")
    assert sum(part["share"] for part in mix.figures["parts"]) == 1
    assert mix.figures["parts"][1]["option"] == closed[0].name
    alone = take(client, story, mix)
    assert alone.status_code == 302
    assert not Option.objects.exists()


def test_suggestions_without_a_workload_have_prices_but_no_bill(client, story, price_book):
    story.decision.workload.delete()
    rented = proposed(client, story, "rented_gpu")
    assert rented
    assert all(each.costs is None for each in rented)


def test_a_viewer_sees_options_but_no_buttons(client, story):
    client.force_login(stories.person(story.team, "viewer@example.org", "viewer"))
    page = client.get(url(story))
    assert page.status_code == 200
    assert b"Add an option" not in page.content
    assert client.get(url(story, "add/")).status_code == 404


def test_queries_do_not_grow_with_options(client, story):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(url(story))
        return len(captured)

    queries()
    few = queries()
    for number in range(8):
        drafts.add_option(
            story.decision,
            name=f"Option {number}",
            kind="closed_api",
            figures={"input_per_mtok": 1 + number, "output_per_mtok": 2},
            by=story.manager,
            at=NOW,
            version=version(story),
        )
    assert queries() == few


def test_amounts_are_kept_exactly(client, story):
    add(client, story, "closed_api", name="X", input_per_mtok="0.075", output_per_mtok="0.30")
    assert Decimal(str(story.option("X").figures["input_per_mtok"])) == Decimal("0.075")
