import pytest
from django.urls import reverse

from decisions.models import AuditEvent, Membership, Team
from tests.factories import make_decision, make_member, make_team, make_user


@pytest.fixture
def team(db):
    return make_team("Search")


@pytest.fixture
def manager(team, client):
    user = make_member(team)
    client.force_login(user)
    return user


def seat(team, user):
    return Membership.objects.get(team=team, user=user)


def post(client, name, /, *args, **data):
    return client.post(reverse(name, args=args), data, follow=True)


def says(response):
    assert response.status_code == 200
    return response.content.decode()


def test_who_founds_a_team_manages_it(client, db):
    user = make_user()
    client.force_login(user)
    data = {"name": "Care", "currency": "EUR", "loaded_cost_per_fte_year": "120k"}
    assert "you manage it" in says(post(client, "team-new", **data))
    team = Team.objects.get(name="Care")
    assert seat(team, user).role == "manager"
    assert team.loaded_cost_per_fte_year == 120_000
    assert AuditEvent.objects.filter(what="team founded", subject="Care").exists()


def test_two_teams_never_share_a_name(client, manager):
    page = says(post(client, "team-new", name="Search", currency="EUR"))
    assert "a team of this name already" in page
    assert Team.objects.count() == 1


@pytest.mark.parametrize("cost", ["-1", "0", "nan", "1e400", "lots"])
def test_a_cost_that_makes_no_sense_is_refused(client, manager, cost):
    page = says(
        post(client, "team-new", name="Care", currency="EUR", loaded_cost_per_fte_year=cost)
    )
    assert "errorlist" in page
    assert cost in page
    assert Team.objects.count() == 1


def test_a_person_is_added_by_address(client, manager, team):
    person = make_user("new@example.org")
    says(post(client, "member-add", team.pk, email="NEW@example.org", role="approver"))
    assert seat(team, person).role == "approver"
    assert AuditEvent.objects.filter(what="member added").exists()


@pytest.mark.parametrize(
    ("email", "because"),
    [
        ("nobody@example.org", "Nobody with this address"),
        ("auditor@example.org", "is an auditor"),
        ("member@example.org", "is in this team already"),
        ("no address", "valid email"),
    ],
)
def test_a_person_who_cannot_join_is_refused_beside_the_field(
    client, manager, team, email, because
):
    make_user("auditor@example.org", is_auditor=True)
    make_member(team, "viewer", user=make_user("member@example.org"))
    page = says(post(client, "member-add", team.pk, email=email, role="viewer"))
    assert because in page
    assert email in page
    assert team.memberships.count() == 2


def test_a_role_is_changed(client, manager, team):
    person = make_member(team, "viewer")
    says(post(client, "member-change", team.pk, seat(team, person).pk, role="approver"))
    assert seat(team, person).role == "approver"


def test_an_unknown_role_is_refused(client, manager, team):
    person = make_member(team, "viewer")
    page = says(post(client, "member-change", team.pk, seat(team, person).pk, role="king"))
    assert "one of the three roles" in page
    assert seat(team, person).role == "viewer"


def test_removing_asks_first(client, manager, team):
    person = make_member(team, "viewer")
    page = reverse("member-remove", args=[team.pk, seat(team, person).pk])
    assert "Remove" in says(client.get(page))
    assert team.memberships.count() == 2
    client.post(page)
    assert team.memberships.count() == 1
    assert AuditEvent.objects.filter(what="member removed").exists()


@pytest.mark.parametrize("name", ["member-remove", "member-change"])
def test_the_last_manager_stays(client, manager, team, name):
    make_member(team, "approver")
    page = says(post(client, name, team.pk, seat(team, manager).pk, role="viewer"))
    assert "last manager" in page
    assert seat(team, manager).role == "manager"


def test_a_manager_who_leaves_goes_to_the_list(client, manager, team):
    make_member(team, "manager")
    answer = post(client, "member-remove", team.pk, seat(team, manager).pk)
    assert answer.redirect_chain[-1][0] == reverse("team-list")


def test_a_member_of_another_team_is_not_reached_through_this_one(client, manager, team):
    other = make_team()
    stranger = make_member(other)
    answer = post(client, "member-remove", team.pk, seat(other, stranger).pk)
    assert answer.status_code == 404
    assert seat(other, stranger)


def test_the_cost_of_people_enters_every_decision(client, manager, team):
    decision = make_decision(team, by=manager, chosen="Rented")
    before = decision.standing.chosen_per_month
    data = {"name": "Search", "currency": "EUR", "loaded_cost_per_fte_year": "240000"}
    says(post(client, "team-change", team.pk, **data))
    version = decision.version
    decision.refresh_from_db()
    decision.standing.refresh_from_db()
    assert decision.version == version + 1
    assert decision.standing.chosen_per_month == before + 2500


def test_a_viewer_has_no_buttons(client, team):
    client.force_login(make_member(team, "viewer"))
    page = says(client.get(reverse("team-detail", args=[team.pk])))
    assert "Remove" not in page
    assert "Add a person" not in page


def test_the_profile_keeps_name_and_time_zone(client, manager):
    says(post(client, "profile", name="Ann", time_zone="Asia/Tokyo"))
    manager.refresh_from_db()
    assert (manager.name, manager.time_zone) == ("Ann", "Asia/Tokyo")
    page = says(post(client, "profile", name="Bob", time_zone="Mars/Base"))
    assert "errorlist" in page
    manager.refresh_from_db()
    assert manager.name == "Ann"
