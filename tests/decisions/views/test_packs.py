"""A pack is asked for on a page, its making is followed, and each download is written down."""

import pytest
from django.urls import reverse
from django.utils import timezone

from decisions import packs
from decisions.models import AuditEvent, Membership, Pack
from tests.factories import make_member, make_team, make_user

pytestmark = pytest.mark.django_db
TODAY = timezone.now().date()


def text(response):
    return " ".join(response.content.decode().split())


@pytest.fixture
def member(client):
    user = make_member(make_team("Search"), "viewer")
    client.force_login(user)
    return user


def ask(user, team=None):
    return packs.ask(from_on=TODAY, until_on=TODAY, team=team, by=user, at=timezone.now())


def test_from_asking_to_the_file(client, member, do_work):
    page = text(client.get(reverse("pack-list")))
    assert "No pack yet" in page
    days = {"quarter": "", "from_on": "2026-01-01", "until_on": "2026-02-01"}
    answer = client.post(reverse("pack-list"), days)
    pack = Pack.objects.get()
    assert answer["Location"] == reverse("pack-detail", args=[pack.pk])
    assert "The pack waits for a worker" in text(client.get(answer["Location"]))
    early = client.get(reverse("pack-download", args=[pack.pk]))
    assert early["Location"] == reverse("pack-detail", args=[pack.pk])
    do_work()
    part = text(client.get(reverse("pack-progress", args=[pack.pk])))
    assert "The pack is ready" in part
    assert "hx-trigger" not in part
    taken = client.get(reverse("pack-download", args=[pack.pk]))
    pack.refresh_from_db()
    assert taken.content == bytes(pack.zip)
    assert taken["Content-Type"] == "application/zip"
    event = AuditEvent.objects.get(what="evidence pack downloaded")
    assert (event.actor, event.ip_address) == (member.get_full_name(), "127.0.0.1")
    assert pack.sha256 in event.after


def test_a_quarter_is_all_its_days(client, member):
    client.post(reverse("pack-list"), {"quarter": f"{TODAY.year} Q1"})
    pack = Pack.objects.get()
    assert (pack.from_on.month, pack.until_on.month, pack.until_on.day) == (1, 3, 31)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"from_on": "2026-01-02"}, "Say this day, or pick a quarter."),
        ({"from_on": "2026-01-02", "until_on": "2026-01-01"}, "The last day is before the first."),
        ({"from_on": "x", "until_on": "2026-01-01"}, "Enter a valid date."),
        ({"quarter": f"{TODAY.year} Q1", "from_on": "2026-01-02"}, "not both"),
        ({"quarter": "1066 Q1"}, "not one of the available choices"),
        ({"quarter": f"{TODAY.year} Q1", "team": "999999"}, "not one of the available choices"),
    ],
)
def test_what_makes_no_period_is_said_at_the_field(client, member, typed, says):
    page = text(client.post(reverse("pack-list"), typed))
    assert says in page
    assert not Pack.objects.exists()


def test_a_failure_is_told(client, member, do_work, monkeypatch):
    monkeypatch.setattr(packs, "MOST_BYTES", 10)
    pack = ask(member)
    do_work()
    page = text(client.get(reverse("pack-detail", args=[pack.pk])))
    assert "The pack could not be made" in page
    assert "ask for one team or fewer days" in page


def test_nobody_takes_anothers_pack_nor_one_of_a_team_they_left(client, member):
    pack = ask(member)
    address = reverse("pack-detail", args=[pack.pk])
    assert client.get(address).status_code == 200
    Membership.objects.filter(user=member).delete()
    assert client.get(address).status_code == 404
    client.force_login(make_user())
    assert client.get(address).status_code == 404
    client.force_login(make_user(is_auditor=True))
    assert client.get(address).status_code == 200
