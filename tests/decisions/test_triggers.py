"""Each trigger to revisit: a case in which it fires, and one beside it in which it does not."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from decisions import drafts, flags, rechecks, reviews, teams
from decisions.models import Decision, Flag, Review
from pricing import families
from tests.decisions import stories
from tests.decisions.stories import NOW
from tests.decisions.test_prices_used import ECB, litellm, pulled

SIGNED = NOW + timedelta(hours=1)


@pytest.fixture
def story(db):
    families.load_shipped()
    pulled(ECB, source="ecb")
    pulled(litellm(input_usd_per_mtok=0.88, output_usd_per_mtok=0.88))
    story = stories.ready()
    by = {"by": story.manager, "at": NOW}
    drafts.set_watch(
        story.decision,
        fields={
            "watched_families": ["qwen-open"],
            "compliance_on": date(2026, 11, 22),
            "compliance_because": "Clause 7",
        },
        version=story.decision.version,
        **by,
    )
    drafts.add_option(
        story.decision,
        name="Rented",
        kind="rented_gpu",
        figures={"gpus": 2, "gpu": "H100", "price_per_gpu_hour": 2, "ops_fte": 0.25},
        version=story.decision.version,
        **by,
    )
    reviews.submit(story.review, note="", by=story.manager, at=NOW)
    reviews.sign_off(story.review, note="", by=story.approver, at=SIGNED)
    story.decision.refresh_from_db()
    return story


def says(kind):
    flag = Flag.objects.filter(kind=kind, closed_at=None).first()
    return flag.says if flag else ""


def set_tokens(story, times):
    drafts.set_workload(
        story.decision,
        fields={"input_tokens_per_month": 1e9 * times, "output_tokens_per_month": 3e8 * times},
        by=story.manager,
        at=SIGNED,
        version=story.decision.version,
    )


@pytest.mark.parametrize(
    ("times", "fires"), [(1.24, False), (1.25, True), (0.76, False), (0.75, True)]
)
def test_volume(story, times, fires):
    set_tokens(story, times)
    assert (says("volume") != "") is fires
    if fires:
        assert f"{times - 1:+.0%}" in says("volume")
        assert Review.objects.filter(early_because=says("volume")).exists()
    set_tokens(story, 1)
    assert says("volume") == ""


def change_rented(story, **figures):
    option = story.option("Rented")
    drafts.change_option(
        option,
        name="Rented",
        kind=option.kind,
        figures={**option.figures, **figures},
        by=story.manager,
        at=SIGNED,
        version=story.decision.version,
    )


def test_staffing_of_an_option(story):
    change_rented(story, price_per_gpu_hour=3)
    assert says("staffing") == ""
    change_rented(story, ops_fte=0.5)
    assert "Rented, " in says("staffing")
    assert "0.25, now 0.5" in says("staffing")


def test_staffing_of_the_team(story):
    team = story.team
    kept = {"name": team.name, "currency": team.currency}
    for cost, expected in ((120_000, ""), (150_000, "120,000, now 150,000")):
        fields = {**kept, "loaded_cost_per_fte_year": Decimal(cost)}
        teams.change_settings(team, fields=fields, by=story.manager, at=SIGNED)
        assert (says("staffing") != "") is (expected != "")
        assert expected in says("staffing")


def test_compliance_answer(story):
    for question, answer, fires in (
        ("latency", "no", False),
        ("compliance", "must_self_host", True),
    ):
        drafts.answer(
            story.decision,
            question=question,
            answer=answer,
            evidence="",
            by=story.manager,
            at=SIGNED,
        )
        assert (says("compliance") != "") is fires
    assert "must self host" in says("compliance")


def test_privacy_is_asked_for(story):
    work = story.decision.workload
    work.requirements = {"least_quality": 0.5}
    work.save()
    flags.look_at_triggers(Decision.objects.get(), at=SIGNED)
    assert says("compliance") == ""
    work.requirements = {"privacy": True}
    work.save()
    flags.look_at_triggers(Decision.objects.get(), at=SIGNED)
    assert "nothing, now yes" in says("compliance")


@pytest.mark.parametrize(("day", "fires"), [(21, False), (22, True)])
def test_the_compliance_day_comes(story, day, fires):
    flags.recheck(story.decision, at=NOW.replace(day=day))
    assert says("compliance") == ("Clause 7 has applied since 22 November 2026." if fires else "")


def pull_new(at, **models):
    prices = {f"together_ai/{name}": (0.2, 0.6) for name in models.values()}
    body = litellm(input_usd_per_mtok=0.88, output_usd_per_mtok=0.88, **prices)
    pulled(body, at=at)
    rechecks.schedule(now=timezone.now())


def test_a_new_model_of_a_watched_family(story, do_work):
    rechecks.schedule(now=timezone.now())
    do_work()
    pull_new(SIGNED + timedelta(hours=1), other="mistralai/mistral-next-9b")
    do_work()
    assert says("new_model") == ""
    names = {"other": "mistralai/mistral-next-9b", "new": "Qwen/Qwen9-70B-Instruct"}
    pull_new(SIGNED + timedelta(hours=2), **names)
    do_work()
    assert "0.2 + 0.6 USD per M tokens" in says("new_model")
    assert "since 20 November 2026" in says("new_model")
    assert "mistral" not in says("new_model")


def test_a_source_that_is_itself_new_shows_no_new_model(story, do_work):
    model = {"id": "Qwen/Qwen9-70B-Instruct", "prices": {"input_mtok": 0.2, "output_mtok": 0.6}}

    body = json.dumps([{"id": "together", "models": [model]}]).encode()
    pulled(body, at=SIGNED + timedelta(hours=1), source="genai_prices")
    rechecks.schedule(now=timezone.now())
    do_work()
    assert says("new_model") == ""


def test_the_next_signature_ends_them(story):
    change_rented(story, ops_fte=0.5)
    review = Review.objects.filter(state="open").first()
    if review is None:
        flag = Flag.objects.get(kind="staffing")
        review = flags.review_early(flag, by=story.manager, at=SIGNED)
    later = SIGNED + timedelta(hours=1)
    reviews.submit(review, note="", by=story.manager, at=later)
    reviews.sign_off(review, note="", by=story.approver, at=later)
    assert says("staffing") == ""


def test_they_are_shown_where_they_are_looked_for(story, client):
    change_rented(story, ops_fte=0.5)
    client.force_login(story.manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    review = Review.objects.first()
    for address in (
        reverse("decision-detail", args=[story.decision.pk]),
        reverse("decision-triggers", args=[story.decision.pk]),
        reverse("review-detail", args=[review.pk]),
    ):
        page = client.get(address).content.decode()
        assert "Staffing changed since it was signed." in page
        assert reverse("decision-options", args=[story.decision.pk]) in page


def test_what_is_watched_is_stored_and_a_day_needs_its_rule(story, client):
    client.force_login(story.manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    address = reverse("decision-triggers", args=[story.decision.pk])
    sent = {
        "version": story.decision.version,
        "watched_families": ["qwen-open", "mixtral"],
        "compliance_on": "2027-01-01",
    }
    page = client.post(address, sent)
    assert "compliance_because" in page.context["form"].errors
    assert client.post(address, {**sent, "compliance_because": "Law"}).status_code == 302
    stored = Decision.objects.get()
    assert stored.watched_families == ["qwen-open", "mixtral"]
    assert stored.compliance_on == date(2027, 1, 1)
    # On an older version it is told so.
    page = client.post(address, {**sent, "compliance_because": "Other"})
    assert page.status_code == 200
    assert Decision.objects.get().compliance_because == "Law"
