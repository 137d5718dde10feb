"""What is still owed for a committed option counts when it is left, and never in its bill."""

from datetime import timedelta

import pytest

from decisions import drafts, evaluation, flags
from decisions.models import Flag
from tests.decisions import stories
from tests.decisions.questions import closed, managed
from tests.decisions.stories import NOW


def found(**fields):
    question = {
        "as_of": "2026-12-31",
        "workload": {"input_tokens_per_month": 1e9, "output_tokens_per_month": 3e8},
        "options": [{**closed(), **fields}, managed()],
    }
    return evaluation.as_json(evaluation.evaluate(evaluation.read(question), draws=0))


def payback(result):
    return next(p for p in result["paybacks"] if (p["from"], p["to"]) == ("A", "B"))["months"]


def test_it_counts_in_paybacks_and_arithmetic_and_not_in_the_bill():
    free = found()
    bound = found(committed_per_month=2000, committed_until="2027-12-31")
    (was, _), (now, _) = free["options"], bound["options"]
    assert "leaving_cost" not in was
    assert now["leaving_cost"] == 24_000
    assert now["per_month"] == was["per_month"]
    assert bound["ranking"] == free["ranking"]
    # 24,000 owed ÷ (7,500 − 740) saved a month.
    assert payback(free) == 0
    assert payback(bound) == pytest.approx(24_000 / 6_760, abs=0.01)
    row = next(r for r in bound["arithmetic"] if r["for"] == "A.leaving_cost")
    assert row["is"].startswith("12 months until 2027-12-31 × 2,000")


def test_what_has_run_out_is_owed_no_more():
    assert (
        "leaving_cost"
        not in found(committed_per_month=2000, committed_until="2026-12-01")["options"][0]
    )


@pytest.mark.parametrize(
    "fields", [{"committed_per_month": 2000}, {"committed_until": "2027-12-31"}]
)
def test_a_sum_needs_its_day_and_a_day_its_sum(fields):
    with pytest.raises(evaluation.BadInput, match="need each other"):
        found(**fields)


@pytest.mark.parametrize(("per_month", "flagged"), [(6_000, True), (7_000, False)])
def test_a_crossing_has_to_repay_what_is_owed(db, per_month, flagged):
    # Saves 6,760 a month for 36 months = 243,360; owed for 37 months: 221,910 or 258,890.
    story = stories.ready(chosen="Closed")
    option = story.option("Closed")
    until = (NOW + timedelta(days=36 * 365 // 12 + 30)).date().isoformat()
    drafts.change_option(
        option,
        name="Closed",
        kind=option.kind,
        figures={**option.figures, "committed_per_month": per_month, "committed_until": until},
        by=story.manager,
        at=NOW,
        version=story.decision.version,
    )
    story.decision.refresh_from_db()
    for hours in (0, 49):
        flags.recheck(story.decision, at=NOW + timedelta(hours=hours))
    assert Flag.objects.filter(kind="crossed", closed_at=None).exists() is flagged
