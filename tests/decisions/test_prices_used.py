"""Which prices a decision uses, and what happens when they move or vanish."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from decisions import drafts, flags, questions, rechecks, standing
from decisions.models import Flag, Standing
from jobs.models import Job
from pricing import pull, quotes
from pricing.models import Offer
from tests.decisions import stories
from tests.decisions.stories import NOW

ECB = b"""<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
 xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
 <Cube><Cube time='2026-11-19'><Cube currency='USD' rate='1.25'/></Cube></Cube>
</gesmes:Envelope>"""
MODEL = "together_ai/meta-llama/Llama-3.3-70B-Instruct"


def litellm(*, input_usd_per_mtok, output_usd_per_mtok, **others):
    """Return an answer of the source with one model, and neighbours that stay as they are."""
    listed = {f"together_ai/vendor/model-{n}": (n, n + 1) for n in range(1, 9)}
    listed[MODEL] = (input_usd_per_mtok, output_usd_per_mtok)
    listed |= others
    return json.dumps(
        {
            name: {
                "litellm_provider": name.split("/")[0],
                "mode": "chat",
                "input_cost_per_token": prices[0] / 1e6,
                "output_cost_per_token": prices[1] / 1e6,
            }
            for name, prices in listed.items()
        }
    ).encode()


def pulled(body, *, at=NOW, source="litellm"):
    report = pull.pull(source, at=at, body=body)
    assert report.error == ""
    return report


@pytest.fixture
def story(db):
    pulled(ECB, source="ecb")
    pulled(litellm(input_usd_per_mtok=0.88, output_usd_per_mtok=0.88))
    story = stories.ready()
    offer = Offer.objects.get(provider="together", model__icontains="llama-3.3-70b")
    add(story, "Together", offer_id=offer.pk)
    return story


def add(story, name, *, offer_id, **figures):
    return drafts.add_option(
        story.decision,
        name=name,
        kind="managed_open",
        offer_id=offer_id,
        figures=figures,
        by=story.manager,
        at=NOW,
        version=story.decision.version,
    )


def test_a_stored_price_is_converted_and_keeps_its_source_and_date(story):
    asked = questions.ask(story.decision)
    option = next(o for o in asked.raw["options"] if o["name"] == "Together")
    assert option["input_per_mtok"] == pytest.approx(0.88 / 1.25)
    used = next(p for p in asked.prices if p.option == "Together" and p.field == "input_per_mtok")
    assert (used.amount, used.currency, used.origin) == (Decimal("0.88"), "USD", "stored")
    assert (used.source, used.rate_date) == ("litellm", "2026-11-19")
    assert used.rate == Decimal(1) / Decimal("1.25")


def test_a_typed_figure_stands_above_the_stored_price_and_says_so(story):
    offer_id = story.option("Together").offer_id
    add(story, "Talked down", offer_id=offer_id, input_per_mtok=0.5)
    used = {
        p.field: p.origin for p in questions.ask(story.decision).prices if p.option == "Talked down"
    }
    assert used == {"input_per_mtok": "typed", "output_per_mtok": "stored"}


def test_an_offer_without_a_price_is_a_problem_in_words_not_a_zero(story):
    add(story, "Nowhere", offer_id=999_999)
    answered = standing.answer(story.decision)
    assert answered.option("Nowhere") is None
    (left_out,) = answered.left_out
    assert left_out.name == "Nowhere"
    assert left_out.says.startswith("the price book has no price")


def test_a_currency_without_a_rate_is_a_problem_not_a_rate_of_one(story):
    story.decision.currency = "XAF"
    story.decision.save(update_fields=["currency"])
    answered = standing.answer(story.decision)
    # Options with typed figures alone stay; the one at a price in dollars cannot be worked out.
    assert [each.name for each in answered.left_out] == ["Together"]
    assert "“XAF”" in answered.left_out[0].says


def test_a_new_price_reaches_the_standing_and_the_flag(story, do_work):
    drafts.choose(
        story.decision,
        option=story.option("Managed"),
        because="It was cheapest.",
        by=story.manager,
        at=NOW,
        version=story.decision.version,
    )
    rechecks.schedule(now=NOW)
    do_work()
    for day, usd in ((1, 0.40), (2, 0.38)):
        at = NOW + timedelta(days=day)
        pulled(litellm(input_usd_per_mtok=usd, output_usd_per_mtok=usd), at=at)
        rechecks.schedule(now=at)
        for job in Job.objects.filter(kind=rechecks.KIND, state="waiting"):
            Job.objects.filter(pk=job.pk).update(due_at=NOW - timedelta(days=1))
        do_work()
    now = Standing.objects.get(decision=story.decision)
    assert now.best_name == "Together"
    assert now.best_per_month == pytest.approx(Decimal(1300) * Decimal("0.38") / Decimal("1.25"))
    assert Flag.objects.get(kind="crossed").decision == story.decision


def test_rechecking_without_a_new_price_asks_for_nothing_more(story):
    rechecks.schedule(now=NOW)
    asked = Job.objects.filter(kind=rechecks.KIND).count()
    rechecks.schedule(now=NOW + timedelta(minutes=1))
    assert Job.objects.filter(kind=rechecks.KIND).count() == asked


def test_a_withdrawn_price_is_kept_and_flagged(story):
    without = json.loads(litellm(input_usd_per_mtok=1, output_usd_per_mtok=1))
    del without[MODEL]
    pulled(json.dumps(without).encode(), at=NOW + timedelta(days=1))
    flags.recheck(story.decision, at=NOW + timedelta(days=1))
    assert standing.answer(story.decision).option("Together")["per_month"]["total"] > 0
    assert "no longer offers what Together uses" in Flag.objects.get(kind="price_gone").says


def genai(usd):
    """Return an answer of the second source with Together's model alone."""
    name = MODEL.removeprefix("together_ai/")
    prices = {"input_mtok": str(usd), "output_mtok": str(usd)}
    model = {"id": name, "prices": prices}
    return json.dumps([{"id": "together", "models": [model]}]).encode()


def test_of_two_sources_the_worse_for_the_winner_is_used_and_said(story):
    pulled(genai(0.40), at=NOW + timedelta(hours=1), source="genai_prices")
    answered = standing.answer(story.decision)
    used = next(p for p in answered.asked.prices if p.option == "Together")
    assert (used.amount, used.source, used.is_dearest) == (Decimal("0.88"), "litellm", True)
    assert used.disputed_by == ("genai_prices: 0.4 USD",)
    # At the lower price it would have won.
    assert answered.best is not None
    assert answered.best["name"] == "Managed"
    assert used.as_json()["disputed_by"] == ["genai_prices: 0.4 USD"]


def test_sources_that_agree_within_two_per_cent_do_not_dispute(story):
    pulled(genai(0.87), at=NOW + timedelta(hours=1), source="genai_prices")
    used = [p for p in standing.answer(story.decision).asked.prices if p.option == "Together"]
    assert [p.disputed_by for p in used] == [(), ()]


def test_both_prices_are_shown_on_the_decision(story, client):
    pulled(genai(0.40), at=NOW + timedelta(hours=1), source="genai_prices")
    client.force_login(story.manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(reverse("decision-detail", args=[story.decision.pk])).content.decode()
    assert "genai_prices: 0.4 USD" in page
    assert "sources disagree" in page


@pytest.mark.parametrize(("days", "flagged"), [(15, False), (14, True)])
def test_a_price_that_ends_is_flagged_two_weeks_before(story, days, flagged):
    quotes.add(
        team_id=story.decision.team_id,
        offer=Offer.objects.get(pk=story.option("Together").offer_id),
        amounts={"input": Decimal("0.5"), "output": Decimal("0.5")},
        currency_code="USD",
        by="manager",
        at=NOW - timedelta(days=20),
        valid_until=NOW + timedelta(days=days),
    )
    flags.recheck(story.decision, at=NOW)
    found = Flag.objects.filter(kind="price_ends").values_list("says", flat=True)
    assert [("Together uses end" in says) for says in found] == ([True] if flagged else [])


def test_a_past_moment_gives_the_same_answer_today_as_it_gave_then(story):
    then = standing.answer(story.decision, at=NOW)
    for day, usd in ((1, 0.40), (2, 0.38)):
        at = NOW + timedelta(days=day)
        pulled(litellm(input_usd_per_mtok=usd, output_usd_per_mtok=usd), at=at)
        pulled(genai(usd / 2), at=at, source="genai_prices")
    now = standing.answer(story.decision)
    again = standing.answer(story.decision, at=NOW)
    assert now.option("Together") != then.option("Together")
    assert again.result == then.result
    assert again.asked.raw == then.asked.raw
