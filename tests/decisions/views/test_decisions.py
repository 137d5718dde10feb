import re

import pytest
from django.urls import reverse

from decisions import drafts
from decisions.models import Decision
from tests.factories import (
    NOW,
    make_decision,
    make_flag,
    make_member,
    make_team,
)


@pytest.fixture
def team(db):
    return make_team("Search")


@pytest.fixture
def manager(team, client):
    user = make_member(team)
    client.force_login(user)
    return user


@pytest.fixture
def decision(team, manager):
    return make_decision(team, by=manager, name="Answers", chosen="Closed")


def page_of(client, decision):
    response = client.get(reverse("decision-detail", args=[decision.pk]))
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def test_starting_one_leads_to_the_workload(client, manager, team):
    page = reverse("decision-new", args=[team.pk])
    assert client.get(page).status_code == 200
    answer = client.post(page, {"name": "Answers", "currency": "EUR"})
    made = Decision.objects.get(name="Answers")
    assert answer.url == reverse("decision-workload", args=[made.pk])
    assert made.owner == manager


def test_a_name_that_is_taken_is_refused_beside_the_field(client, decision, team):
    typed = {"name": "Answers", "currency": "EUR", "purpose": "Kept text"}
    answer = client.post(reverse("decision-new", args=[team.pk]), typed)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "already has a decision of this name" in page
    assert "Kept text" in page


@pytest.mark.parametrize(
    "typed", [{}, {"name": " ", "currency": "EUR"}, {"name": "A", "currency": "XXX"}]
)
def test_bad_entries_start_nothing(client, manager, team, typed):
    assert client.post(reverse("decision-new", args=[team.pk]), typed).status_code == 200
    assert not Decision.objects.exists()


def test_the_answer_stands_first_in_words(client, decision):
    page = page_of(client, decision)
    main = page[page.index("<main") :]
    best, table = main.index("Managed is best"), main.index("<table")
    assert best < table
    assert "EUR 740 a month" in main[:table]
    assert (
        "The team chose <strong>Closed</strong>, at EUR 7,500 a month: EUR 6,760 a month more"
        in main
    )
    assert "It fits." in main


def test_both_charts_are_there_with_todays_volume(client, decision):
    page = page_of(client, decision)
    assert page.count('role="img"') == 4
    assert "today: 1.3 B tokens" in page


def test_it_says_how_sure_it_is_and_from_which_seed(client, decision):
    page = page_of(client, decision)
    assert "Managed is the cheapest in" in page
    assert "10,000 draws, seed 0" in page
    assert "The article&#x27;s 1 to 4 engineer-weeks" in page


def test_the_same_seed_gives_the_same_page_of_ranges(client, decision):
    address = reverse("decision-detail", args=[decision.pk])
    first, again, other = (
        client.get(address, {"seed": seed}).context["ranges"] for seed in ("7", "7", "8")
    )
    assert first == again
    assert first.rows != other.rows
    assert client.get(address, {"seed": "x" * 400}).context["ranges"].seed == 0


def test_every_figure_has_its_arithmetic(client, decision):
    page = page_of(client, decision)
    assert "2 GPUs × 2.50 EUR/GPU-hour × 730 h" in page
    assert "1,000 M input tokens × 3.00 EUR" in page


def test_prices_say_where_they_come_from(client, decision):
    page = page_of(client, decision)
    assert "typed in by the team" in page
    assert "per million tokens" in page


def test_mistakes_lead_to_where_they_are_mended(client, decision, manager):
    option = decision.options.get(name="Rented")
    figures = {**option.figures, "ops_fte": 0}
    drafts.change_option(
        option, name=option.name, kind=option.kind, figures=figures,
        by=manager, at=NOW, version=decision.version,
    )  # fmt: skip
    decision.refresh_from_db()
    drafts.choose(
        decision, option=option, because="Ours.", by=manager, at=NOW, version=decision.version
    )
    page = page_of(client, decision)
    assert "Blocks sign-off" in page
    assert f'href="{reverse("decision-options", args=[decision.pk])}">Mend it' in page


def test_the_history_says_who_did_what_in_words(client, decision, manager):
    page = page_of(client, decision)
    assert "Option chosen: Closed" in page
    assert manager.email in page
    whole = reverse("decision-history", args=[decision.pk])
    assert whole in page
    page = " ".join(client.get(whole).content.decode().split())
    assert "input a month: 1 B tokens" in page
    assert "{&quot;" not in page


def test_without_figures_it_says_what_is_missing(client, manager, team):
    page = page_of(client, make_decision(team, by=manager, options={}))
    assert "There is no answer yet" in page
    assert "There is no option to compare yet" in page


def test_an_open_flag_is_shown_until_it_is_acknowledged(client, decision):
    flag = make_flag(decision)
    assert reverse("flag-acknowledge", args=[flag.pk]) in page_of(client, decision)


def test_a_viewer_sees_all_and_changes_nothing(client, decision, team):
    client.force_login(make_member(team, "viewer"))
    page = page_of(client, decision)
    assert "Managed is best" in page
    assert "Archive" not in page


def test_archiving_can_be_undone(client, decision):
    here = reverse("decision-detail", args=[decision.pk])
    for name, says in (("decision-archive", "Bring it back"), ("decision-unarchive", "Archive")):
        decision.refresh_from_db()
        answer = client.post(reverse(name, args=[decision.pk]), {"version": decision.version})
        assert answer.url == here
        assert says in page_of(client, decision)
    decision.refresh_from_db()
    assert decision.archived_at is None


@pytest.mark.parametrize("version", ["1", "", "x", "-1", "²"])
def test_archiving_what_somebody_changed_meanwhile_is_refused(client, decision, version):
    answer = client.post(
        reverse("decision-archive", args=[decision.pk]), {"version": version}, follow=True
    )
    assert "Somebody changed this decision" in answer.content.decode()
    decision.refresh_from_db()
    assert decision.archived_at is None


def test_names_from_people_are_escaped(client, manager, team):
    options = {"<b>Evil</b>": ("closed_api", {"input_per_mtok": 1, "output_per_mtok": 1})}
    page = page_of(client, make_decision(team, by=manager, name="<i>x</i>", options=options))
    assert "<b>Evil" not in page
    assert "<i>x" not in page


def test_queries_do_not_grow_with_options(client, decision, manager, django_assert_max_num_queries):
    for number in range(8):
        decision.refresh_from_db()
        drafts.add_option(
            decision, name=f"O{number}", kind="closed_api",
            figures={"input_per_mtok": 1, "output_per_mtok": 1 + number},
            by=manager, at=NOW, version=decision.version,
        )  # fmt: skip
    with django_assert_max_num_queries(22):
        page_of(client, decision)
