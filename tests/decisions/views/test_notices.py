"""The log of notices, and where a person says what they want to be told, where and when."""

from datetime import timedelta

import pytest
from django.utils import timezone

from decisions import deliveries
from decisions.models import Address, Delivery, Muted, Snooze
from jobs.models import Job
from tests.decisions import stories
from tests.decisions.stories import NOW

ADDRESS = {"service": "webhook", "name": "Ops", "url": "https://hooks.example.com/secret1234"}


@pytest.fixture
def story(db, client):
    story = stories.ready()
    client.force_login(story.manager)
    return story


@pytest.fixture
def notice(story):
    deliveries.ask(
        key="one", kind="test", subject="A test", person=story.manager, team=story.team, at=NOW
    )
    return Delivery.objects.get()


def text(page):
    return page.content.decode()


def test_the_empty_log_says_when_the_first_comes(client, story):
    assert "14 days before a review is due" in text(client.get("/notices/"))


@pytest.mark.parametrize(
    ("job", "fields", "state"),
    [
        ({"state": "waiting"}, {}, "waiting"),
        ({"state": "running", "lease_until": NOW}, {}, "sending"),
        ({"state": "failed", "error": "550 no such mailbox"}, {}, "failed"),
        ({"state": "done"}, {"sent_at": NOW}, "sent"),
        ({"state": "done"}, {"dropped_because": "Signed off before."}, "dropped"),
    ],
)
def test_each_state_is_shown_and_found(client, notice, job, fields, state):
    Job.objects.filter(delivery=notice).update(**job)
    Delivery.objects.update(**fields)
    page = client.get("/notices/", {"state": state})
    assert [d.pk for d in page.context["page"]] == [notice.pk]
    assert Delivery.objects.get().state == state
    assert job.get("error", "") in text(page)
    others = {"waiting", "sending", "failed", "sent", "dropped"} - {state}
    assert not any(client.get("/notices/", {"state": s}).context["page"] for s in others)


def test_what_a_mail_server_keeps_waiting_is_said_above_with_its_reason(client, notice):
    later = timezone.now() + timedelta(hours=1)
    Job.objects.filter(delivery=notice).update(error="The mail server is gone.", due_at=later)
    page = text(client.get("/notices/"))
    assert "1 notice waits" in page
    assert "The mail server is gone." in page


def test_a_failed_notice_starts_again_by_a_button(client, notice):
    Job.objects.filter(delivery=notice).update(state="failed", attempts=56)
    address = f"/notices/{notice.pk}/retry/"
    assert address in text(client.get("/notices/"))
    client.post(address)
    job = Job.objects.get(delivery=notice)
    assert (job.state, job.attempts) == ("waiting", 0)


def test_others_do_not_see_it(client, notice):
    client.force_login(stories.person(None, "outsider@example.org"))
    assert "A test" not in text(client.get("/notices/"))
    assert client.post(f"/notices/{notice.pk}/retry/").status_code == 404


def test_what_is_not_ticked_is_muted_but_for_due_reviews(client, story):
    client.post("/profile/notices/", {"sent": "1", "flag-email": "on"})
    muted = set(Muted.objects.values_list("kind", "channel"))
    assert muted == {
        *((kind, "chat") for kind in ("soon", "due", "away", "mention", "flag")),
        *((kind, "email") for kind in ("soon", "away", "mention")),
    }
    form = client.get("/profile/notices/").context["form"]
    assert {n for n in form.fields if form[n].initial} == {"due-email", "flag-email"}


def test_a_test_mail_can_be_asked_for(client, story):
    client.post("/profile/notices/test/")
    assert Delivery.objects.get().channel == "E-mail to manager@example.org"


def test_an_address_is_never_shown_whole_again(client, story):
    page = client.post("/profile/notices/addresses/", ADDRESS)
    assert page.headers["Cache-Control"] == "no-store"
    assert "breakeven_hook_" in text(page)
    shown = text(client.get("/profile/notices/"))
    assert "hooks.example.com/…1234" in shown
    assert "secret1234" not in shown
    assert "breakeven_hook_" not in shown


@pytest.mark.parametrize("field", ["url", "name"])
def test_a_refused_address_keeps_what_was_typed(client, story, field):
    client.post("/profile/notices/addresses/", ADDRESS)
    wrong = {**ADDRESS, "name": "Other", "url": "http://10.0.0.1/"} if field == "url" else ADDRESS
    page = client.post("/profile/notices/addresses/", wrong)
    assert field in page.context["address_form"].errors
    assert wrong["url"] in text(page)
    assert Address.objects.count() == 1


def test_a_teams_address_is_kept_by_its_managers(client, story):
    where = f"/teams/{story.team.pk}/notices/"
    assert "breakeven_hook_" in text(client.post(where, ADDRESS))
    address = Address.objects.get(team=story.team)
    client.post(f"/addresses/{address.pk}/test/")
    assert Delivery.objects.get(address=address).team == story.team
    client.force_login(story.approver)
    assert client.get(where).status_code == 404
    assert client.post(f"/addresses/{address.pk}/remove/").status_code == 404
    client.force_login(story.manager)
    assert client.get(f"/addresses/{address.pk}/remove/").status_code == 200
    client.post(f"/addresses/{address.pk}/remove/")
    assert Address.objects.count() == 0


def test_a_review_is_snoozed_with_a_reason_and_woken(client, story):
    where = f"/reviews/{story.review.pk}/snooze/"
    until = timezone.localdate() + timedelta(days=5)
    page = client.post(where, {"until": until.isoformat(), "reason": " "})
    assert "reason" in page.context["form"].errors
    client.post(where, {"until": until.isoformat(), "reason": "On leave."})
    assert "On leave." in text(client.get(f"/reviews/{story.review.pk}/"))
    assert Snooze.objects.get(ended_at=None).until == until
    client.post(f"{where}end/")
    assert Snooze.objects.filter(ended_at=None).count() == 0
