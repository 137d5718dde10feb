"""A decision is flagged when its answer has really changed, once, and closed when that is over."""

from datetime import timedelta

import pytest

from decisions import drafts, flags
from decisions.models import Flag, Standing
from tests.decisions import stories
from tests.decisions.stories import NOW


@pytest.fixture
def story(db):
    return stories.ready(chosen="Closed")


def recheck_at(story, **later):
    flags.recheck(story.decision, at=NOW + timedelta(**later))


def open_flags():
    return list(Flag.objects.filter(closed_at=None).values_list("kind", flat=True))


@pytest.mark.parametrize(("hours", "flagged"), [(48, []), (49, ["crossed"])])
def test_48_hours_are_enough_for_figures_that_nobody_pulls(story, hours, flagged):
    recheck_at(story, hours=1)
    recheck_at(story, hours=2)
    recheck_at(story, hours=hours)
    assert open_flags() == flagged
    if flagged:
        assert "Managed costs EUR 6,760 a month less" in Flag.objects.get().says


def test_checked_again_it_stays_one_flag(story):
    for day in range(6):
        recheck_at(story, days=day)
    assert Flag.objects.count() == 1


def test_a_small_difference_is_no_crossing(story):
    option = story.option("Closed")
    drafts.change_option(
        option,
        name="Closed",
        kind=option.kind,
        figures={"input_per_mtok": 0.51, "output_per_mtok": 0.82},
        by=story.manager,
        at=NOW,
        version=story.decision.version,
    )
    for day in range(3):
        recheck_at(story, days=day)
    assert open_flags() == []


def test_what_never_repays_its_set_up_is_no_crossing(story):
    option = story.option("Managed")
    drafts.change_option(
        option,
        name="Managed",
        kind=option.kind,
        figures={**option.figures, "setup_cost": 1_000_000},
        by=story.manager,
        at=NOW,
        version=story.decision.version,
    )
    for day in range(3):
        recheck_at(story, days=day)
    assert open_flags() == []


def test_it_closes_when_the_best_option_is_chosen(story):
    for day in range(3):
        recheck_at(story, days=day)
    drafts.choose(
        story.decision,
        option=story.option("Managed"),
        because="Cheaper.",
        by=story.manager,
        at=NOW,
        version=story.decision.version,
    )
    recheck_at(story, days=4)
    assert open_flags() == []
    assert Flag.objects.get().closed_at == NOW + timedelta(days=4)


def test_an_acknowledged_flag_does_not_come_back(story):
    for day in range(3):
        recheck_at(story, days=day)
    flag = Flag.objects.get()
    assert flags.acknowledge(flag, reason="A contract binds us.", by=story.manager, at=NOW)
    assert not flags.acknowledge(flag, reason="Again.", by=story.approver, at=NOW)
    recheck_at(story, days=5)
    flag.refresh_from_db()
    assert Flag.objects.count() == 1
    assert flag.reason == "A contract binds us."


def test_a_spot_price_inside_a_mix_raises_no_flag(story):
    spot = {"discount": 0.9, "interruptions_per_month": 1, "recovery_minutes": 1, "drained": True}
    machines = {"gpus": 1, "price_per_gpu_hour": 0.1, "ops_fte": 0, "spot": spot}
    parts = [{"option": "Spot", "share": 0.9}, {"option": "Closed", "share": 0.1}]
    for name, kind, figures in (
        ("Spot", "rented_gpu", machines),
        ("Mix", "hybrid", {"parts": parts}),
    ):
        drafts.add_option(
            story.decision,
            name=name,
            kind=kind,
            figures=figures,
            by=story.manager,
            at=NOW,
            version=story.decision.version,
        )
    work = story.decision.workload
    work.requirements = {"frontier_quality": True}
    work.save()
    for day in range(3):
        recheck_at(story, days=day)
    assert Standing.objects.get().best_name == "Mix"
    assert open_flags() == []
