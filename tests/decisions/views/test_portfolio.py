import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import make_decision, make_flag, make_member, make_team, make_user

PAGE = reverse("portfolio")


@pytest.fixture
def team(db):
    return make_team("Search")


@pytest.fixture
def manager(team, client):
    user = make_member(team)
    client.force_login(user)
    return user


def text_of(response):
    assert response.status_code == 200
    return response.content.decode()


def test_visitors_sign_in_first(client, db):
    assert client.get(PAGE).url == f"{reverse('account_login')}?next=/"


def test_a_newcomer_is_told_what_to_do(client, db):
    client.force_login(make_user())
    assert "Found a team" in text_of(client.get(PAGE))


def test_a_team_without_decisions_starts_one(client, manager, team):
    assert reverse("decision-new", args=[team.pk]) in text_of(client.get(PAGE))


def test_a_viewer_is_told_who_starts_one(client, team):
    client.force_login(make_member(team, "viewer"))
    page = text_of(client.get(PAGE))
    assert "manager or approver" in page
    assert "New decision" not in page


def test_a_row_says_what_is_chosen_what_is_best_and_the_difference(client, manager, team):
    make_decision(team, by=manager, name="Answers", chosen="Closed")
    page = text_of(client.get(PAGE))
    for figure in ("Answers", "Search", "Closed", "EUR 7,500", "Managed", "EUR 740", "EUR 6,760"):
        assert figure in page
    assert "Scheduled" in page


def test_totals_stand_first(client, manager, team):
    make_decision(team, by=manager, chosen="Closed")
    make_decision(team, by=manager, chosen="Managed")
    page = text_of(client.get(PAGE))
    assert "EUR 8,240 a month for 2 decisions" in page
    assert "EUR 6,760</strong> a month less" in page


def test_what_cannot_be_calculated_is_unknown_and_never_zero(client, manager, team):
    make_decision(team, by=manager, options={})
    page = text_of(client.get(PAGE))
    assert "cannot be calculated" in page
    assert "unknown" in page
    assert "EUR 0" not in page


def test_flags_are_shown_and_filtered(client, manager, team):
    make_flag(make_decision(team, by=manager, name="Moved"))
    make_decision(team, by=manager, name="Calm")
    assert "Crossed a break-even" in text_of(client.get(PAGE))
    flagged = text_of(client.get(PAGE, {"flagged": "1"}))
    assert "Moved" in flagged
    assert "Calm" not in flagged


def test_teams_are_filtered(client, manager, team):
    other = make_team("Care")
    make_member(other, user=manager)
    make_decision(team, by=manager, name="One")
    make_decision(other, by=manager, name="Two")
    page = text_of(client.get(PAGE, {"team": other.pk}))
    assert "Two" in page
    assert "One" not in page


@pytest.mark.parametrize("asked", [{"team": "999"}, {"team": "x"}, {"sort": "x"}, {"page": "x"}])
def test_what_makes_no_sense_is_as_if_it_was_not_asked(client, manager, team, asked):
    make_decision(team, by=manager, name="Answers")
    assert "Answers" in text_of(client.get(PAGE, asked))


def test_the_dearest_first(client, manager, team):
    make_decision(team, by=manager, name="Cheap", chosen="Managed")
    make_decision(team, by=manager, name="Dear", chosen="Closed")
    make_decision(team, by=manager, name="Open")
    page = text_of(client.get(PAGE, {"sort": "cost"}))
    assert page.index(">Dear<") < page.index(">Cheap<") < page.index(">Open<")


def test_archived_decisions_have_a_list_of_their_own(client, manager, team):
    decision = make_decision(team, by=manager, name="Old")
    client.post(reverse("decision-archive", args=[decision.pk]), {"version": decision.version})
    assert ">Old<" not in text_of(client.get(PAGE))
    assert ">Old<" in text_of(client.get(PAGE, {"archived": "1"}))


def test_fifty_on_a_page(client, manager, team):
    for number in range(51):
        make_decision(team, by=manager, name=f"D{number:02}", options={})
    first, second = client.get(PAGE), client.get(PAGE, {"page": 2})
    assert "D49" in text_of(first)
    assert "D50" not in text_of(first)
    assert "D50" in text_of(second)
    assert "Page 1 of 2 (51 in all)" in text_of(first)


def test_other_teams_decisions_are_not_there(client, manager):
    make_decision(name="Secret")
    assert "Secret" not in text_of(client.get(PAGE))


@pytest.mark.parametrize("role", ["is_auditor", "is_administrator"])
def test_organisation_wide_roles_see_all(client, db, role):
    make_decision(name="Everyone")
    client.force_login(make_user(**{role: True}))
    page = text_of(client.get(PAGE))
    assert "Everyone" in page
    assert "New decision" not in page


def queries_of(client):
    client.get(PAGE)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get(PAGE)
    return len(queries)


def test_queries_do_not_grow_with_rows(client, manager, team):
    make_flag(make_decision(team, by=manager, chosen="Closed"))
    one = queries_of(client)
    for _ in range(5):
        make_flag(make_decision(team, by=manager, chosen="Closed"))
    assert queries_of(client) == one <= 12
