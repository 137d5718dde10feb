"""The alert rule, clause by clause: one case that is flagged, and one beside it that is not."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from decisions import drafts, flags, rechecks, reviews
from decisions.models import Flag, Review
from jobs.models import Job
from pricing import quotes
from pricing.models import Offer, SourceHealth
from tests.decisions import stories
from tests.decisions.stories import NOW
from tests.decisions.test_prices_used import ECB, add, litellm, pulled

HIGH, LOW = 0.88, 0.38


@pytest.fixture
def story(db):
    pulled(ECB, source="ecb")
    pull_at(0, HIGH)
    story = stories.ready()
    offer = Offer.objects.get(provider="together", model__icontains="llama-3.3-70b")
    add(story, "Together", offer_id=offer.pk)
    choose(story, "Managed")
    return story


def choose(story, name):
    drafts.choose(
        story.decision,
        option=story.option(name),
        because="It fits.",
        by=story.manager,
        at=NOW,
        version=story.decision.version,
    )


def pull_at(hours, usd):
    body = litellm(input_usd_per_mtok=usd, output_usd_per_mtok=usd)
    pulled(body, at=NOW + timedelta(hours=hours))


def check_at(story, hours):
    story.decision.refresh_from_db()
    flags.recheck(story.decision, at=NOW + timedelta(hours=hours))
    return Flag.objects.filter(kind="crossed", closed_at=None).exists()


def test_one_pull_is_not_enough_however_often_it_is_looked_at(story):
    pull_at(1, LOW)
    assert [check_at(story, hour) for hour in (1, 2, 20)] == [False] * 3
    pull_at(21, LOW)
    assert check_at(story, 21)


def test_two_pulls_with_the_old_price_between_them_are_not_in_a_row(story):
    for hour, usd in ((1, LOW), (2, HIGH), (3, LOW)):
        pull_at(hour, usd)
        assert not check_at(story, hour)
    pull_at(4, LOW)
    assert check_at(story, 4)


def test_the_pull_of_another_source_confirms_nothing(story):
    pull_at(1, LOW)
    check_at(story, 1)
    pulled(ECB, source="ecb", at=NOW + timedelta(hours=2))
    assert not check_at(story, 2)


@pytest.mark.parametrize(("usd", "flagged"), [("0.71", False), ("0.66", True)])
def test_it_takes_more_than_five_per_cent_and_less_than_none_to_be_over(story, usd, flagged):
    # Managed costs 740; together 1,300 M tokens × USD price / 1.25: 738 (0 %) and 686 (7 %).
    for hour in (1, 2):
        pull_at(hour, float(usd))
        now = check_at(story, hour)
    assert now is flagged
    pull_at(3, 0.70)
    # 728: better by 2 %, so nothing opens by it and what is open stays.
    assert check_at(story, 3) is flagged
    pull_at(4, 0.72)
    assert not check_at(story, 4)


@pytest.mark.parametrize(("setup", "flagged"), [(10_000, True), (11_000, False)])
def test_it_has_to_repay_the_change_within_the_horizon(story, setup, flagged):
    # Saves 740 − 395 = 345 a month: 12,420 in 36 months, some 10,700 in today's money.
    option = story.option("Together")
    drafts.change_option(
        option,
        name="Together",
        kind=option.kind,
        figures={"setup_cost": setup},
        offer_id=option.offer_id,
        by=story.manager,
        at=NOW,
        version=story.decision.version,
    )
    for hour in (1, 2):
        pull_at(hour, LOW)
        now = check_at(story, hour)
    assert now is flagged


def forget_the_source():
    SourceHealth.objects.filter(source="litellm").update(last_success_at=NOW - timedelta(days=20))


def test_a_price_out_of_date_flags_neither_as_the_better_nor_as_the_chosen(story):
    pull_at(1, LOW)
    forget_the_source()
    assert [check_at(story, hour) for hour in (1, 50)] == [False, False]
    choose(story, "Together")
    pull_at(51, HIGH)
    forget_the_source()
    assert [check_at(story, hour) for hour in (51, 100)] == [False, False]
    for hour in (52, 53):
        pull_at(hour, HIGH)
        now = check_at(story, hour)
    assert now


def test_a_price_that_goes_out_of_date_closes_no_flag(story):
    for hour in (1, 2):
        pull_at(hour, LOW)
        check_at(story, hour)
    forget_the_source()
    assert check_at(story, 3)


def as_spot(story, name):
    Offer.objects.filter(pk=story.option(name).offer_id).update(mode="spot")


def test_a_spot_price_alone_flags_neither_as_the_better_nor_as_the_chosen(story):
    as_spot(story, "Together")
    for hour in (1, 2, 50):
        pull_at(hour, LOW)
        assert not check_at(story, hour)
    choose(story, "Together")
    sign(story)
    for hour in (51, 52):
        pull_at(hour, HIGH)
        assert not check_at(story, hour + 60)


def test_a_chosen_spot_price_does_not_hide_that_another_price_fell(story):
    as_spot(story, "Together")
    pull_at(1, LOW)
    choose(story, "Together")
    sign(story)
    option = story.option("Managed")
    drafts.change_option(
        option,
        name="Managed",
        kind=option.kind,
        figures={"input_per_mtok": 0.1, "output_per_mtok": 0.1},
        by=story.manager,
        at=NOW,
        version=story.decision.version,
    )
    for hour in (2, 3):
        pull_at(hour, LOW)
        now = check_at(story, hour)
    assert now


def sign(story):
    story.decision.refresh_from_db()
    reviews.submit(story.review, note="", by=story.manager, at=NOW)
    reviews.sign_off(story.review, note="", by=story.approver, at=NOW + timedelta(hours=1))


def test_a_second_pull_that_changes_nothing_still_brings_the_flag(story, do_work):
    rechecks.schedule(now=timezone.now())
    do_work()
    for hours in (1, 2):
        pull_at(hours, LOW)
        rechecks.schedule(now=timezone.now())
        do_work()
    assert Flag.objects.get(kind="crossed").closed_at is None


def test_a_pull_that_changes_nothing_asks_for_no_check_where_nothing_waits(story, do_work):
    rechecks.schedule(now=timezone.now())
    do_work()
    asked = Job.objects.filter(kind=rechecks.KIND).count()
    pull_at(5, HIGH)
    assert SourceHealth.objects.get(source="litellm").last_success_at == NOW + timedelta(hours=5)
    rechecks.schedule(now=timezone.now())
    assert Job.objects.filter(kind=rechecks.KIND).count() == asked


def test_a_quote_that_nobody_pulls_takes_48_hours(story):
    quotes.add(
        team_id=story.decision.team_id,
        offer=Offer.objects.get(pk=story.option("Together").offer_id),
        amounts={"input": Decimal("0.1"), "output": Decimal("0.1")},
        currency_code="USD",
        by="manager",
        at=NOW,
        valid_until=NOW + timedelta(days=90),
    )
    assert [check_at(story, hour) for hour in (0, 1, 47, 48)] == [False, False, False, True]


def test_a_flag_becomes_an_early_review_by_one_click(story, client):
    sign(story)
    flag = Flag.objects.create(
        decision=story.decision, kind="price_ends", says="A price ends.", opened_at=NOW
    )
    client.force_login(story.manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.post(f"/flags/{flag.pk}/review/")
    early = Review.objects.exclude(early_because="").get()
    assert page.url == f"/reviews/{early.pk}/"
    assert (early.state, early.early_because) == ("open", "A price ends.")
    assert early.opened_by_name == story.manager.get_full_name()
    flag.refresh_from_db()
    assert early.period in flag.reason
    # Once more leads to the same review.
    assert client.post(f"/flags/{flag.pk}/review/").url == page.url
    assert Review.objects.exclude(early_because="").count() == 1
