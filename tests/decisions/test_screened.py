"""Screening very many decisions at once stores and flags exactly what evaluating each would."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from decisions import drafts, rechecks, screened, standing
from decisions.models import Decision, Flag, Standing
from jobs.models import Job
from pricing.models import Offer, SourceHealth
from tests import factories
from tests.decisions.test_prices_used import ECB, litellm, pulled

NOW = factories.NOW
MACHINE = {"model": "Llama-3.3-70B", "quantization": "fp8", "gpu": "H100", "gpus": 2}
PLACES = ("chosen_per_month", "best_name", "best_per_month", "regret_per_month")


@pytest.fixture
def offers(db):
    pulled(ECB, source="ecb")
    pull_at(0, 1.0)
    return list(Offer.objects.filter(provider="together").order_by("pk"))


def pull_at(hours, factor):
    """Move every price of the source by a factor, each a little differently."""
    moved = {
        f"together_ai/vendor/model-{n}": (n * factor + n / 100, (n + 1) * factor)
        for n in range(1, 9)
    }
    body = litellm(input_usd_per_mtok=0.88 * factor, output_usd_per_mtok=0.9 * factor, **moved)
    pulled(body, at=NOW + timedelta(hours=hours))


def many(offers, team, *, decisions=6):
    """Decisions of every shape that has a straight bill: mixes, fallbacks, growth, machines."""
    by = factories.make_member(team)
    shapes: tuple[dict[str, Any], ...] = (
        {},
        {"setup_cost": 4_000, "other_monthly": 55.55},
        {"batch_discount": 0.37},
        {"ops_fte": 0.01, "price_drift_per_month": -0.03},
    )
    for number in range(decisions):
        one, other = offers[number % len(offers)], offers[(number * 3 + 1) % len(offers)]
        decision = factories.make_decision(team, by=by, options={})
        decision.workload.growth_per_month = 0.02 * (number % 3)
        decision.workload.cached_input_share = 0.25 * (number % 2)
        decision.workload.batch_share = 0.1
        decision.workload.save()
        for name, kind, offer, figures in (
            ("One", "managed_open", one, shapes[number % 4]),
            ("Other", "closed_api", other, {"setup_cost": number * 1000}),
            ("Own", "rented_gpu", None, {**MACHINE, "price_per_gpu_hour": 1.3}),
            (
                "Kept",
                "rented_gpu",
                None,
                {**MACHINE, "price_per_gpu_hour": 2, "fallback": {"option": "One", "share": 0.1}},
            ),
            (
                "Mix",
                "hybrid",
                None,
                {"parts": [{"option": "One", "share": 0.5}, {"option": "Other", "share": 0.5}]},
            ),
        ):
            drafts.add_option(
                decision,
                name=name,
                kind=kind,
                offer_id=offer and offer.pk,
                figures=figures,
                by=by,
                at=NOW,
                version=decision.version,
            )
        best = Standing.objects.get(decision=decision).best_name
        # One that never is the best, so that something is flagged.
        factories.make_choice(decision, "Mix" if number == 5 else best, by=by)


def stored():
    rows = Standing.objects.order_by("decision_id")
    return [tuple(getattr(row, name) for name in PLACES) for row in rows]


def test_what_is_settled_is_what_evaluating_each_gives(offers):
    many(offers, factories.make_team())
    before = stored()
    pull_at(1, 1.07)
    rows = Standing.objects.values_list("decision_id", flat=True)
    settled = screened.settle(rows, at=NOW)
    assert len(settled) > len(rows) / 2
    by_screen = stored()
    assert by_screen != before
    for decision in Decision.objects.filter(pk__in=settled):
        standing.update(decision, at=NOW)
    assert stored() == by_screen


def test_flags_are_the_same_with_and_without_the_screen(offers, monkeypatch, do_work):
    both = []
    for is_screened in (True, False):
        team = factories.make_team()
        many(offers, team)
        if not is_screened:
            monkeypatch.setattr(screened, "settle", lambda ids, *, at: set())
        for hours, factor in ((1, 1.4), (2, 1.45), (3, 1.05), (4, 0.8), (5, 0.82)):
            pull_at(hours + 10 * (not is_screened), factor)
            rechecks.schedule(now=timezone.now())
            do_work()
        rows = Standing.objects.filter(decision__team=team).order_by("decision_id")
        flags = Flag.objects.filter(decision__team=team).order_by("pk")
        said = [(flag.says, flag.closed_at is None) for flag in flags]
        both.append(([[getattr(row, n) for n in PLACES] for row in rows], said))
    assert both[0] == both[1]
    assert both[0][1]
    results = Job.objects.filter(kind=rechecks.KIND, payload__after__isnull=False)
    assert sum((job.result or {}).get("screened", 0) for job in results) > 0


@pytest.mark.parametrize("what", ["version", "own part", "flag", "waiting", "stale"])
def test_what_is_not_straight_or_not_plain_is_evaluated_whole(offers, what):
    many(offers, factories.make_team(), decisions=1)
    row = Standing.objects.select_related("decision").get()
    decision = row.decision
    if what == "version":
        drafts.choose(
            decision,
            option=decision.options.get(name="Own"),
            because="It fits.",
            by=decision.owner,
            at=NOW,
            version=decision.version,
        )
        Standing.objects.update(straight=row.straight)
    elif what == "own part":
        part = {"name": "P", "kind": "managed_open", "offer_id": offers[0].pk}
        drafts.add_option(
            decision,
            name="With a part of its own",
            kind="hybrid",
            figures={"parts": [{"option": part, "share": 1}]},
            by=decision.owner,
            at=NOW,
            version=decision.version,
        )
    elif what == "flag":
        factories.make_flag(decision, kind="price_ends")
    elif what == "waiting":
        Standing.objects.update(best_since=NOW)
    else:
        SourceHealth.objects.update(last_success_at=NOW - timedelta(days=40))
    assert screened.settle([decision.pk], at=NOW) == set()


def test_a_decision_changed_after_its_form_was_stored_is_left_alone(offers):
    many(offers, factories.make_team(), decisions=1)
    before = stored()
    pull_at(1, 1.07)
    assert screened.settle([Standing.objects.get().decision_id], at=NOW) != set()
    Decision.objects.update(version=F("version") + 1)
    after = stored()
    assert after != before
    pull_at(2, 1.0)
    assert screened.settle([Standing.objects.get().decision_id], at=NOW) == set()
    assert stored() == after
