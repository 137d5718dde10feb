"""The checklist page: nine answers with evidence, suggestions, gates, and the reading."""

import pytest

from decisions.checklist import QUESTIONS
from decisions.models import Answer, Decision
from tests.decisions import stories


@pytest.fixture
def story(db, client):
    story = stories.ready()
    client.force_login(story.manager)
    return story


def url(story):
    return f"/decisions/{story.decision.pk}/checklist/"


def filled(client, story, **changed):
    form = client.get(url(story)).context["form"]
    data = {name: form[name].value() or "" for name in form.fields}
    return {**data, **{name.replace("__", "-"): value for name, value in changed.items()}}


def answer(story, question):
    return Answer.objects.get(decision=story.decision, question=question)


def test_answers_and_evidence_are_stored(client, story):
    data = filled(
        client, story, steady__answer="no", steady__evidence="Mondays are ten times Sundays."
    )
    assert client.post(url(story), data).status_code == 302
    assert answer(story, "steady").answer == "no"
    assert answer(story, "steady").evidence == "Mondays are ten times Sundays."


def test_only_what_changed_is_written(client, story):
    before = Decision.objects.get().version
    client.post(url(story), filled(client, story))
    assert Decision.objects.get().version == before
    client.post(url(story), filled(client, story, steady__answer="no", latency__answer="no"))
    assert Decision.objects.get().version == before + 2


def test_the_reading_names_the_missing_gate(client, story):
    data = filled(client, story, fallback__answer="no", steady__answer="no")
    client.post(url(story), data)
    page = client.get(url(story)).content.decode()
    assert "7 of 9; gate missing: fallback plan" in page


def test_the_default_is_told_in_words(client, story):
    assert "Stay on APIs" in client.get(url(story)).content.decode()


def test_suggestions_say_why(client, story):
    asked = client.get(url(story)).context["asked"]
    suggested = {each.question.id: each for each in asked}
    assert suggested["fallback"].suggested == "Yes"
    assert "run by its provider" in suggested["fallback"].why
    assert len(asked) == len(QUESTIONS) == 9


def test_the_eighth_question_has_three_answers(client, story):
    form = client.get(url(story)).context["form"]
    offered = [value for value, _ in form.fields["compliance-answer"].choices]
    assert offered == ["free", "demands_self_hosting", "demands_api"]
    page = client.post(url(story), filled(client, story, compliance__answer="yes"))
    assert "compliance-answer" in page.context["form"].errors


def test_evidence_needs_its_answer(client, story):
    Answer.objects.filter(question="steady").delete()
    page = client.post(url(story), filled(client, story, steady__evidence="We measured it."))
    assert "steady-answer" in page.context["form"].errors
    assert b"We measured it." in page.content


def test_two_people_at_once_lose_nothing(client, story):
    opened = filled(client, story, steady__answer="no")
    client.post(url(story), filled(client, story, steady__answer="not_applicable"))
    page = client.post(url(story), opened)
    assert page.status_code == 200
    assert answer(story, "steady").answer == "not_applicable"
    (conflict,) = page.context["form"].conflicts
    assert (conflict.typed, conflict.stored) == ("No", "Does not apply")


def test_without_figures_the_questions_can_be_answered_all_the_same(client, story):
    story.decision.options.all().delete()
    page = client.get(url(story))
    assert "no option to compare" in page.content.decode()
    assert client.post(url(story), filled(client, story, steady__answer="no")).status_code == 302


def test_a_viewer_reads_and_changes_nothing(client, story):
    data = filled(client, story, steady__answer="no")
    client.force_login(stories.person(story.team, "viewer@example.org", "viewer"))
    assert client.get(url(story)).status_code == 200
    assert client.post(url(story), data).status_code == 404
