"""The compare page: the best option in words, the volume, and the choice with its reason."""

import statistics
import time

import pytest
from django.urls import reverse

from decisions import drafts
from decisions.models import Answer, Decision
from tests.decisions import stories
from tests.decisions.stories import NOW
from tests.factories import ARTICLE_OPTIONS, make_decision, make_member, make_team


@pytest.fixture
def story(db, client):
    story = stories.ready()
    client.force_login(story.manager)
    return story


def url(story, rest="compare/"):
    return f"/decisions/{story.decision.pk}/{rest}"


def choose(client, story, **fields):
    version = Decision.objects.get(pk=story.decision.pk).version
    return client.post(url(story, "choose/"), {"version": version, **fields})


def test_the_best_option_and_the_reason_come_first(client, story):
    page = client.get(url(story)).content.decode()
    assert "Managed is best: it costs EUR 740 a month, EUR 6,760 less than Closed." in page
    assert page.index("Managed is best") < page.index("<svg")


def test_a_cheaper_option_that_does_not_do_the_job_is_left_out_in_words(client, story):
    workload = story.decision.workload
    workload.requirements = {"frontier_quality": True}
    workload.save()
    page = client.get(url(story)).content.decode()
    assert "Closed is best" in page
    assert "Cheaper, but left out: Managed does not reach frontier quality." in page


@pytest.mark.parametrize(
    ("asked", "tokens"),
    [("power=1", "13 B tokens"), ("tokens=2.6B", "2.6 B tokens"), ("power=-2", "13 M tokens")],
)
def test_another_volume(client, story, asked, tokens):
    for page in ("compare/", "compare/figures/"):
        shown = client.get(f"{url(story, page)}?{asked}").content.decode()
        assert f"At {tokens} a month" in shown


@pytest.mark.parametrize("typed", ["-1", "NaN", "1e400", "x", "1", "900T", "1,500M"])
def test_a_volume_that_is_none_is_refused_and_kept(client, story, typed):
    page = client.get(url(story), {"tokens": typed})
    assert page.status_code == 200
    assert page.context["fault"]
    assert f'value="{typed}"' in page.content.decode()
    assert page.context["factor"] == 1


@pytest.mark.parametrize("power", ["9", "-9", "nan", "inf", "x"])
def test_the_slider_stays_between_its_ends(client, story, power):
    page = client.get(url(story, "compare/figures/"), {"power": power})
    assert page.status_code == 200
    assert 0.0099 < page.context["factor"] < 101


def test_the_slider_answers_within_200_ms(client, story):
    drafts.add_option(
        story.decision,
        name="Rented",
        kind="rented_gpu",
        figures={
            "gpu": "H100",
            "model": "Llama-3.3-70B",
            "quantization": "fp8",
            "price_per_gpu_hour": 2.5,
        },
        by=story.manager,
        at=NOW,
        version=Decision.objects.get().version,
    )
    client.get(url(story, "compare/figures/"))
    took = []
    for power in (-1, -0.5, 0.5, 1, 2):
        start = time.perf_counter()
        client.get(url(story, "compare/figures/"), {"power": power})
        took.append(time.perf_counter() - start)
    assert statistics.median(took) < 0.2


def test_choosing_needs_a_reason(client, story):
    page = choose(client, story, option=story.option("Closed").pk, because="  ")
    assert page.status_code == 200
    assert "because" in page.context["form"].errors
    assert Decision.objects.get().chosen.name == "Managed"


def test_choosing_stores_option_and_reason(client, story):
    page = choose(client, story, option=story.option("Closed").pk, because="Quality weighs more.")
    assert page.status_code == 302
    assert page.url == f"/decisions/{story.decision.pk}/"
    decision = Decision.objects.get()
    assert (decision.chosen.name, decision.chosen_because) == ("Closed", "Quality weighs more.")


def test_another_decisions_option_cannot_be_chosen(client, story):
    page = choose(client, story, option="99999", because="Because.")
    assert "option" in page.context["form"].errors
    assert b"Because." in page.content


def test_two_people_at_once_lose_nothing(client, story):
    opened = {
        "version": Decision.objects.get().version,
        "option": story.option("Managed").pk,
        "because": "Cheapest.",
    }
    choose(client, story, option=story.option("Closed").pk, because="Quality.")
    page = client.post(url(story, "choose/"), opened)
    assert page.status_code == 200
    assert Decision.objects.get().chosen.name == "Closed"
    assert ("Option", "Managed", "Closed") in page.context["form"].conflicts


def test_a_missing_gate_is_shown_where_one_chooses(client, story):
    Answer.objects.filter(question="fallback").update(answer="no")
    assert "Gate missing:</strong> fallback plan" in client.get(url(story)).content.decode()


def test_without_workload_or_options_the_page_says_what_is_missing(client, story):
    story.decision.options.all().delete()
    page = client.get(url(story))
    assert page.status_code == 200
    assert b"no option to compare" in page.content
    story.decision.workload.delete()
    assert b"workload is not filled in" in client.get(url(story)).content


def test_a_viewer_compares_and_does_not_choose(client, story):
    client.force_login(stories.person(story.team, "viewer@example.org", "viewer"))
    page = client.get(url(story))
    assert page.status_code == 200
    assert b"<textarea" not in page.content
    assert choose(client, story, option="1", because="x").status_code == 404


def test_one_option_that_cannot_be_sized_does_not_stop_the_others(client, db):
    team = make_team()
    manager = make_member(team)
    options = {
        "Closed": ARTICLE_OPTIONS["Closed"],
        "Rented": (
            "rented_gpu",
            {
                "model": "Llama-3.3-70B",
                "quantization": "fp8",
                "gpu": "H100",
                "price_per_gpu_hour": 2.5,
            },
        ),
        "Mix": (
            "hybrid",
            {
                "parts": [
                    {"option": "Rented", "share": 0.5},
                    {"option": "Closed", "share": 0.5},
                ]
            },
        ),
    }
    decision = make_decision(team, by=manager, options=options)
    decision.workload.tpot_ms = 0.001
    decision.workload.save()
    client.force_login(manager)
    for name in ("decision-compare", "decision-detail", "decision-options"):
        page = client.get(reverse(name, args=[decision.pk])).content.decode()
        assert "EUR 7,500" in page
        assert "cannot meet the latency target" in page
        assert "options[" not in page
    mended = reverse("option-edit", args=[decision.pk, decision.options.get(name="Rented").pk])
    assert mended in client.get(reverse("decision-compare", args=[decision.pk])).content.decode()
