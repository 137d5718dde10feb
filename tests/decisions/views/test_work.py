from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from jobs.models import Heartbeat, Job
from tests.factories import make_job, make_member, make_team, make_user

PAGE = reverse("work-list")


@pytest.fixture
def member(db, client):
    user = make_member(make_team())
    client.force_login(user)
    return user


def text_of(response):
    assert response.status_code == 200
    return response.content.decode()


def running(**fields):
    return make_job(
        state="running", lease_until=timezone.now() + timedelta(minutes=1), attempts=1, **fields
    )


def test_without_work_it_says_what_will_appear(client, member):
    assert "No background work yet" in text_of(client.get(PAGE))


def test_progress_is_shown_and_looked_at_again_only_while_something_runs(client, member):
    job = running(progress_percent=40, progress_says="4 of 10")
    page = text_of(client.get(PAGE))
    assert 'value="40"' in page
    assert "4 of 10" in page
    assert 'hx-trigger="every 2s"' in page
    Job.objects.filter(pk=job.pk).update(state="done", lease_until=None)
    assert "hx-trigger" not in text_of(client.get(PAGE))


def test_the_part_that_looks_again_is_not_a_whole_page(client, member):
    running()
    part = text_of(client.get(PAGE, headers={"HX-Request": "true"}))
    assert part.lstrip().startswith('<div id="jobs"')
    assert "<html" not in part


def test_a_failure_says_why_and_starts_again(client, member):
    job = make_job(state="failed", error="The source did not answer.", attempts=5)
    assert "The source did not answer." in text_of(client.get(PAGE))
    client.post(reverse("work-retry", args=[job.pk]))
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("waiting", 0)


def test_starting_again_twice_is_harmless(client, member):
    job = make_job(state="done")
    answer = client.post(reverse("work-retry", args=[job.pk]), follow=True)
    assert "has not failed" in text_of(answer)
    job.refresh_from_db()
    assert job.state == "done"


def test_states_are_filtered(client, member):
    make_job(title="Went wrong", state="failed")
    make_job(title="Went well", state="done")
    page = text_of(client.get(PAGE, {"state": "failed"}))
    assert "Went wrong" in page
    assert "Went well" not in page


def test_work_of_other_teams_is_not_there(client, member):
    other = make_job(title="Secret", payload={"team_id": make_team().pk}, state="failed")
    assert "Secret" not in text_of(client.get(PAGE))
    assert client.post(reverse("work-retry", args=[other.pk])).status_code == 404


def test_an_auditor_reads_and_retries_nothing(client, db):
    client.force_login(make_user(is_auditor=True))
    job = make_job(state="failed")
    assert "Try again" not in text_of(client.get(PAGE))
    assert client.post(reverse("work-retry", args=[job.pk])).status_code == 404


def test_a_silent_worker_shows_on_every_page(client, member):
    assert "Scheduler not running" in text_of(client.get(reverse("team-list")))
    now = timezone.now()
    Heartbeat.objects.create(name="scheduler", at=now)
    Heartbeat.objects.create(name="worker", at=now - timedelta(minutes=5))
    assert "Worker not running" in text_of(client.get(reverse("team-list")))
    Heartbeat.objects.filter(name="worker").update(at=now)
    assert "not running" not in text_of(client.get(reverse("team-list")))
