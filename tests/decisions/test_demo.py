"""The demo is loaded once, never beside anyone's data, and taken away by one command."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from decisions import audit, demo, records
from decisions.models import AuditEvent, Decision, Record, Review, Snapshot, Team, User
from tests.decisions import stories
from tests.decisions.stories import NOW

pytestmark = pytest.mark.django_db


def test_the_first_story_has_the_figures_of_the_article():
    assert demo.load(at=NOW)
    signed = records.held_by(Snapshot.objects.get())
    totals = {o["name"]: o["per_month"]["total"] for o in signed["result"]["options"]}
    assert totals["Closed API"] == 18_000
    assert totals["80 % managed open, 20 % closed"] == pytest.approx(5021, rel=0.001)
    assert totals["80 % self-hosted, 20 % closed"] == pytest.approx(10_600, rel=0.001)
    assert signed["record"]["demo"] is True


def test_the_second_story_is_4667_against_2500_a_month():
    demo.load(at=NOW)
    standing = Decision.objects.get(name="Assistant on Llama 3").standing
    assert (standing.chosen_per_month, standing.best_per_month) == (4667, 2500)


def test_it_is_loaded_once():
    assert demo.load(at=NOW)
    assert not demo.load(at=NOW)
    assert Team.objects.count() == 3


def test_it_is_not_loaded_beside_somebodys_data():
    stories.person(None, "somebody@example.org")
    assert not demo.load(at=NOW)
    assert Team.objects.count() == 0


def test_it_is_refused_in_production(settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="password is public"):
        call_command("load_demo")


def test_removing_it_takes_all_but_the_audit_trail(do_work):
    demo.load(at=NOW)
    do_work()
    assert Record.objects.count() == 1
    story = stories.ready()
    call_command("remove_demo", stdout=StringIO())
    assert list(Team.objects.all()) == [story.team]
    assert User.objects.filter(is_demo=True).count() == 0
    assert Snapshot.objects.count() == Record.objects.count() == 0
    assert Review.objects.count() == 1
    assert AuditEvent.objects.filter(what="demo removed").count() == 1
    assert audit.first_broken() is None
