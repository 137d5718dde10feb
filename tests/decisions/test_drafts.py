"""Filling in a decision: every change is noted, and nobody overwrites what another person wrote."""

import pytest

from decisions import drafts
from decisions.models import AuditEvent, Decision, Standing
from tests.decisions import stories
from tests.decisions.stories import NOW


@pytest.fixture
def story(db):
    return stories.ready()


def test_the_standing_follows_every_change(story):
    standing = Standing.objects.get(decision=story.decision)
    assert (standing.best_name, standing.best_per_month, standing.regret_per_month) == (
        "Managed",
        740,
        0,
    )
    drafts.choose(
        story.decision,
        option=story.option("Closed"),
        because="Quality.",
        by=story.manager,
        at=NOW,
        version=story.decision.version,
    )
    standing.refresh_from_db()
    assert (standing.chosen_per_month, standing.regret_per_month) == (7500, 6760)


def test_a_change_made_on_an_old_version_is_refused_and_changes_nothing(story):
    opened_on = story.decision.version
    change = {"by": story.manager, "at": NOW, "version": opened_on}
    drafts.add_option(
        story.decision, name="Bill", kind="closed_api", figures={"monthly_cost": 5000}, **change
    )
    events = AuditEvent.objects.count()
    with pytest.raises(drafts.Stale, match="Somebody else changed"):
        drafts.set_workload(
            story.decision,
            fields={"input_tokens_per_month": 1.0, "output_tokens_per_month": 1.0},
            **change,
        )
    story.decision.workload.refresh_from_db()
    assert story.decision.workload.input_tokens_per_month == 1e9
    assert AuditEvent.objects.count() == events


def test_a_new_name_is_followed_by_hybrids_and_fallbacks(story):
    by = {"by": story.manager, "at": NOW}
    mix = drafts.add_option(
        story.decision,
        name="Mix",
        kind="hybrid",
        figures={
            "parts": [{"option": "Managed", "share": 0.8}, {"option": "Closed", "share": 0.2}],
            "fallback": "Managed",
        },
        version=story.decision.version,
        **by,
    )
    option = story.option("Managed")
    drafts.change_option(
        option,
        name="Open",
        kind=option.kind,
        figures=option.figures,
        version=story.decision.version,
        **by,
    )
    mix.refresh_from_db()
    assert drafts.uses(mix) == {"Open", "Closed"}
    assert mix.figures["fallback"] == "Open"


def test_an_option_that_others_use_is_not_deleted(story):
    drafts.add_option(
        story.decision,
        name="Mix",
        kind="hybrid",
        figures={"parts": [{"option": "Managed", "share": 1}]},
        by=story.manager,
        at=NOW,
        version=story.decision.version,
    )
    with pytest.raises(drafts.Refused, match="Mix uses Managed"):
        drafts.delete_option(
            story.option("Managed"), by=story.manager, at=NOW, version=story.decision.version
        )
    assert story.decision.options.count() == 3


def test_hybrids_that_are_made_of_each_other_are_refused(story):
    by = {"by": story.manager, "at": NOW}

    def parts(*names):
        return {"parts": [{"option": name, "share": 1 / len(names)} for name in names]}

    def mix(name, *of):
        return drafts.add_option(
            story.decision,
            name=name,
            kind="hybrid",
            figures=parts(*of),
            version=story.decision.version,
            **by,
        )

    first = mix("First", "Managed", "Closed")
    mix("Second", "First", "Closed")
    with pytest.raises(drafts.Refused, match="circle"):
        drafts.change_option(
            first,
            name="First",
            kind="hybrid",
            figures=parts("Second", "Closed"),
            version=story.decision.version,
            **by,
        )
    first.refresh_from_db()
    assert drafts.uses(first) == {"Managed", "Closed"}


def test_two_options_of_one_name_are_refused(story):
    with pytest.raises(drafts.Refused) as refusal:
        drafts.add_option(
            story.decision,
            name="Closed",
            kind="closed_api",
            by=story.manager,
            at=NOW,
            version=story.decision.version,
        )
    assert refusal.value.field == "name"


def test_a_choice_needs_its_reason(story):
    with pytest.raises(drafts.Refused, match="Say why"):
        drafts.choose(
            story.decision,
            option=story.option("Closed"),
            because="  ",
            by=story.manager,
            at=NOW,
            version=story.decision.version,
        )


def test_what_is_missing_is_said_and_no_cost_is_shown_as_zero(story):
    decision = drafts.create(story.team, name="Empty", by=story.manager, at=NOW)
    standing = Standing.objects.get(decision=decision)
    assert standing.chosen_per_month is None
    assert standing.best_per_month is None
    assert "workload is not filled in" in standing.problem


def test_undoing_the_deletion_of_the_chosen_option_restores_the_choice(db):
    story = stories.ready()
    decision, option = story.decision, story.option("Managed")
    values, because = drafts.values_of(option), decision.chosen_because
    by = {"by": story.manager, "at": stories.NOW}
    drafts.delete_option(option, version=decision.version, **by)
    decision.refresh_from_db()
    assert decision.chosen is None
    drafts.restore_option(
        decision, values=values, chosen_because=because, version=decision.version, **by
    )
    restored = Decision.objects.values_list("chosen__name", "chosen_because").get(pk=decision.pk)
    assert restored == ("Managed", "It costs least.")
