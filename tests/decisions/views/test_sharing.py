"""A link opens one record or one pack, until it ends or is revoked, and each download is noted."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from decisions import sharing
from decisions.models import AuditEvent, ShareLink
from tests.factories import make_decision, make_member, make_pack, make_snapshot, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return make_team("Search")


@pytest.fixture
def manager(team):
    return make_member(team)


@pytest.fixture
def snapshot(team):
    return make_snapshot(make_decision(team))


@pytest.fixture
def token(snapshot, manager):
    return sharing.make(snapshot, for_whom="Ann", days=14, by=manager, at=timezone.now())[1]


def test_a_manager_makes_one_and_a_stranger_opens_it(client, manager, snapshot):
    client.force_login(manager)
    page = reverse("record-share", args=[snapshot.record_id])
    address = client.post(page, {"for_whom": "Ann", "days": 14}).context["address"]
    client.logout()
    path = address.partition("testserver")[2]
    shown = client.get(path)
    assert snapshot.record_id in shown.content.decode()
    assert "no-store" in shown["Cache-Control"] and shown["Referrer-Policy"] == "no-referrer"
    body = client.get(f"{path}json/")
    assert body.content.decode() == snapshot.record_json
    link = ShareLink.objects.get()
    assert (link.uses, link.last_used_at is None) == (1, False)
    assert AuditEvent.objects.get(what="downloaded by link").actor == f"link {link.pk}, for Ann"
    # The secret itself is stored nowhere.
    secret = path.split("/")[2]
    assert secret not in str(ShareLink.objects.values()) + str(AuditEvent.objects.values())


@pytest.mark.parametrize("wrong", [{"for_whom": ""}, {"days": 0}, {"days": 91}, {"days": "x"}])
def test_wrong_entries_are_named_and_no_link_is_made(client, manager, snapshot, wrong):
    client.force_login(manager)
    page = reverse("record-share", args=[snapshot.record_id])
    answer = client.post(page, {"for_whom": "Ann", "days": 14, **wrong})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == set(wrong)
    assert not ShareLink.objects.exists()


def test_unknown_revoked_and_ended_links_look_the_same(client, manager, token):
    link = ShareLink.objects.get()
    assert client.get(reverse("shared", args=[token])).status_code == 200
    client.force_login(manager)
    client.post(reverse("link-revoke", args=[link.pk]))
    client.post(reverse("link-revoke", args=[link.pk]))
    assert AuditEvent.objects.filter(what="link revoked").count() == 1
    client.logout()
    revoked = client.get(reverse("shared", args=[token]))
    ShareLink.objects.update(revoked_at=None, ends_at=timezone.now() - timedelta(seconds=1))
    ended = client.get(reverse("shared-download", args=[token, "json"]))
    unknown = client.get(reverse("shared", args=["x" * 43]))
    assert revoked.status_code == ended.status_code == unknown.status_code == 404
    assert ShareLink.objects.get().uses == 0


@pytest.mark.parametrize("file", ["zip", "pdf", "nonsense"])
def test_it_leads_to_nothing_else(client, token, file):
    assert client.get(reverse("shared-download", args=[token, file])).status_code == 404


def test_a_pack_is_taken_by_its_link(client, team, manager):
    pack = make_pack(team, asked_by=manager)
    _, token = sharing.make(pack, for_whom="Ann", days=1, by=manager, at=timezone.now())
    assert client.get(reverse("shared", args=[token])).status_code == 200
    answer = client.get(reverse("shared-download", args=[token, "zip"]))
    assert (answer.status_code == 200) == (pack.made_at is not None)
    assert client.get(reverse("shared-download", args=[token, "json"])).status_code == 404


def test_who_only_reads_the_team_hands_nothing_on(client, team, snapshot):
    client.force_login(make_member(team, "viewer"))
    page = reverse("record-share", args=[snapshot.record_id])
    assert client.get(page).status_code == 404
    record = reverse("record-detail", args=[snapshot.record_id])
    assert page not in client.get(record).content.decode()
