"""A review goes from scheduled to signed off, and nobody signs what they prepared."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from decisions import audit, cadence, drafts, records, reviews
from decisions.models import AuditEvent, Review, Snapshot
from tests.decisions import stories
from tests.decisions.stories import NOW


@pytest.fixture
def story(db):
    return stories.ready()


def submitted(story):
    review = story.review
    reviews.submit(review, note="Prices checked.", by=story.manager, at=NOW)
    return review


def test_a_new_decision_has_the_review_of_its_quarter(story):
    assert (story.review.period, story.review.state) == ("2026 Q4", "scheduled")
    assert story.review.due_on.isoformat() == "2026-12-31"


def test_scheduling_twice_makes_one_review(story):
    assert cadence.schedule(now=NOW) == 0
    assert cadence.schedule(now=NOW + timedelta(days=60)) == 1
    assert cadence.schedule(now=NOW + timedelta(days=60)) == 0
    assert sorted(r.period for r in Review.objects.all()) == ["2026 Q4", "2027 Q1"]


def test_the_whole_way_to_a_signature(story, django_capture_on_commit_callbacks):
    review = story.review
    reviews.open_review(review, by=story.manager, at=NOW)
    reviews.submit(review, note="Prices checked.", by=story.manager, at=NOW)
    reviews.sign_off(review, note="Agreed.", by=story.approver, at=NOW)

    assert review.state == "signed"
    snapshot = Snapshot.objects.get()
    held = records.held_by(snapshot)
    assert held["review"]["prepared_by"] == story.manager.get_full_name()
    assert held["review"]["approved_by"] == story.approver.get_full_name()
    assert held["decision"]["chosen"] == "Managed"
    managed = next(o for o in held["result"]["options"] if o["name"] == "Managed")
    assert managed["per_month"]["total"] == 740
    whats = set(AuditEvent.objects.values_list("what", flat=True))
    assert {"review opened", "review submitted", "review signed off", "record frozen"} <= whats


def test_the_preparer_cannot_sign(story):
    review = submitted(story)
    story.team.memberships.filter(user=story.manager).update(role="approver")
    with pytest.raises(reviews.NotAllowed, match="Somebody else has to sign"):
        reviews.sign_off(review, note="", by=story.manager, at=NOW)
    assert Snapshot.objects.count() == 0


@pytest.mark.parametrize("same", ["signed_by", "signed_by_name"])
def test_the_database_refuses_a_signature_of_the_preparer(story, same):
    review = submitted(story)
    other = {"signed_by": story.approver, "signed_by_name": "Somebody Else"}
    mine = {"signed_by": story.manager, "signed_by_name": review.submitted_by_name}
    fields = {**other, same: mine[same], "state": "signed", "signed_at": NOW}
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.filter(pk=review.pk).update(**fields)


def test_a_manager_of_another_team_and_an_auditor_cannot_sign(story):
    review = submitted(story)
    auditor = stories.person(None, "auditor@example.org", is_auditor=True)
    for stranger in (stories.person(None, "stranger@example.org"), auditor):
        with pytest.raises(reviews.NotAllowed, match="Only an approver"):
            reviews.sign_off(review, note="", by=stranger, at=NOW)


def test_a_change_after_submission_has_to_be_submitted_again(story):
    review = submitted(story)
    drafts.choose(
        story.decision,
        option=story.option("Closed"),
        because="We need its quality.",
        by=story.manager,
        at=NOW,
        version=story.decision.version,
    )
    with pytest.raises(reviews.NotAllowed, match="changed after it was submitted"):
        reviews.sign_off(review, note="", by=story.approver, at=NOW)
    review.refresh_from_db()
    assert review.state == "submitted"
    reviews.submit(review, note="Again.", by=story.manager, at=NOW)
    reviews.sign_off(review, note="", by=story.approver, at=NOW)
    assert review.state == "signed"


def test_a_return_needs_a_reason_and_keeps_it(story):
    review = submitted(story)
    with pytest.raises(reviews.NotAllowed, match="Say what has to change"):
        reviews.give_back(review, reason=" ", by=story.approver, at=NOW)
    reviews.give_back(review, reason="The fallback is not tested.", by=story.approver, at=NOW)
    assert (review.state, review.return_reason) == ("returned", "The fallback is not tested.")
    reviews.submit(review, note="Tested.", by=story.manager, at=NOW)
    assert review.state == "submitted"


def test_a_missing_gate_refuses_the_submission(story):
    drafts.answer(
        story.decision, question="fallback", answer="no", evidence="", by=story.manager, at=NOW
    )
    with pytest.raises(reviews.NotAllowed, match="checklist is not complete"):
        reviews.submit(story.review, note="", by=story.manager, at=NOW)


def test_a_team_without_a_second_person_is_told(story):
    story.team.memberships.filter(user=story.approver).delete()
    with pytest.raises(reviews.NotAllowed, match="no approver beside you"):
        reviews.submit(story.review, note="", by=story.manager, at=NOW)


def test_comments_stay_through_return_and_signature(story):
    review = submitted(story)
    reviews.comment(review, text="Why not reserved?", by=story.approver, at=NOW)
    reviews.give_back(review, reason="See comment.", by=story.approver, at=NOW)
    reviews.submit(review, note="", by=story.manager, at=NOW)
    reviews.sign_off(review, note="", by=story.approver, at=NOW)
    held = records.held_by(Snapshot.objects.get())
    assert [c["text"] for c in held["review"]["comments"]] == ["Why not reserved?"]


def test_the_next_review_shows_what_changed_and_its_effect(story):
    review = submitted(story)
    reviews.sign_off(review, note="", by=story.approver, at=NOW)
    drafts.set_workload(
        story.decision,
        fields={"input_tokens_per_month": 2e9, "output_tokens_per_month": 3e8},
        by=story.manager,
        at=NOW,
        version=story.decision.version,
    )
    later = NOW + timedelta(days=60)
    following = cadence.schedule_for(story.decision, now=later)
    found = {c.what: c for c in reviews.changes_since_last(following)}
    volume = found["workload: input_tokens_per_month"]
    assert (volume.old, volume.new, volume.effect) == (1e9, 2e9, 500)
    assert found["monthly cost of the chosen option"].effect == 500
    assert "workload: output_tokens_per_month" not in found


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_sign_at_once_one_wins_and_the_other_is_told():
    story = stories.ready()
    review = submitted(story)
    second = stories.person(story.team, "second@example.org", "approver")
    refusals, start = [], threading.Barrier(2)

    def sign(by):
        mine = Review.objects.select_related("decision__team").get(pk=review.pk)
        start.wait(10)
        try:
            reviews.sign_off(mine, note="", by=by, at=NOW)
        except reviews.NotAllowed as refusal:
            refusals.append(str(refusal))
        finally:
            connection.close()

    threads = [threading.Thread(target=sign, args=[p]) for p in (story.approver, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Snapshot.objects.count() == 1
    assert len(refusals) == 1
    assert "signed this review off" in refusals[0]
    assert audit.first_broken() is None
