"""Reviews through the pages: who sees what waits, the steps by role, and the signature."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from decisions import delegations, drafts, reviews
from decisions.models import Decision, Membership, Review, Snapshot
from tests.decisions import stories
from tests.decisions.stories import NOW

PASSWORD = "a long password"


@pytest.fixture
def story(db):
    return stories.ready()


@pytest.fixture
def submitted(story):
    reviews.submit(story.review, note="All prices checked.", by=story.manager, at=NOW)
    return story


def browser(person):
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def step(person, review, name, **fields):
    return browser(person).post(f"/reviews/{review.pk}/{name}/", fields)


def sign(person, review, **fields):
    """Open the page and sign what it shows."""
    client = browser(person)
    shown = client.get(f"/reviews/{review.pk}/").context["seen"]
    entered = {"seen": shown, "password": PASSWORD, **fields}
    return client.post(f"/reviews/{review.pk}/sign-off/", entered)


def see(person, review):
    return browser(person).get(f"/reviews/{review.pk}/")


def text(page):
    return page.content.decode()


def test_the_list_puts_first_what_waits_for_the_reader(submitted):
    as_manager = browser(submitted.manager).get("/reviews/")
    as_approver = browser(submitted.approver).get("/reviews/")
    assert list(as_approver.context["to_sign"]) == [submitted.review]
    assert list(as_manager.context["to_sign"]) == []
    assert list(as_manager.context["page"]) == [submitted.review]


def test_the_list_is_filtered_and_bears_nonsense(story):
    client = browser(story.manager)
    review = story.review
    this = f"{review.year}-{review.quarter}"
    assert list(client.get("/reviews/", {"quarter": this}).context["to_prepare"]) == [review]
    assert list(client.get("/reviews/", {"quarter": "2020-1"}).context["to_prepare"]) == []
    assert list(client.get("/reviews/", {"state": "signed"}).context["to_prepare"]) == []
    nonsense = {"quarter": "x-y", "team": "999999999999", "state": "?", "page": "-1"}
    assert client.get("/reviews/", nonsense).status_code == 200


def test_the_lists_queries_do_not_grow_with_reviews(story):
    client = browser(story.manager)
    client.get("/reviews/")

    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get("/reviews/")
        return len(captured)

    few = queries()
    for number in range(6):
        drafts.create(story.team, name=f"Decision {number}", by=story.manager, at=NOW)
    assert queries() == few


def test_from_open_to_submitted(story):
    step(story.manager, story.review, "open")
    assert story.review.state == "open"
    step(story.manager, story.review, "submit", note="All prices checked.")
    assert story.review.state == "submitted"
    assert "All prices checked." in text(see(story.approver, story.review))


def test_a_refused_submission_keeps_the_note_and_says_why(story):
    step(story.manager, story.review, "open")
    Decision.objects.update(chosen=None)
    page = step(story.manager, story.review, "submit", note="My long note.")
    assert page.status_code == 200
    assert "No option is chosen yet" in text(page)
    assert "My long note." in text(page)


def test_the_preparer_sees_in_words_why_they_cannot_sign(submitted):
    Membership.objects.filter(user=submitted.manager).update(role="approver")
    page = text(see(submitted.manager, submitted.review))
    assert "You cannot sign this one" in page
    assert "Your password" not in page
    sign(submitted.manager, submitted.review)
    assert submitted.review.state == "submitted"


def test_signing_takes_the_password_again(submitted):
    page = sign(submitted.approver, submitted.review, note="Agreed.", password="wrong")
    assert page.status_code == 200
    assert "not your password" in text(page)
    assert "Agreed." in text(page)
    assert "wrong" not in text(page)
    assert submitted.review.state == "submitted"


def test_wrong_passwords_at_signing_are_slowed_down(submitted, settings):
    settings.AXES_FAILURE_LIMIT = 3
    client = browser(submitted.approver)
    url = f"/reviews/{submitted.review.pk}/sign-off/"
    answers = [client.post(url, {"password": f"wrong {n}"}).status_code for n in range(4)]
    assert answers[-1] == 429
    assert client.post(url, {"password": PASSWORD}).status_code == 429
    assert submitted.review.state == "submitted"


def test_signing_freezes_a_record_and_links_it(submitted):
    page = sign(submitted.approver, submitted.review, note="Agreed.")
    assert page.status_code == 302
    snapshot = Snapshot.objects.get()
    shown = text(see(submitted.manager, submitted.review))
    assert f"/records/{snapshot.record_id}/" in shown
    assert "Agreed." in shown


def test_the_second_signer_is_told_who_signed_and_when(submitted):
    second = stories.person(submitted.team, "second@example.org", "approver")
    sign(submitted.approver, submitted.review)
    page = sign(second, submitted.review)
    assert page.status_code == 409
    assert "approver &lt;approver@example.org&gt; signed this review off on" in text(page)
    assert Snapshot.objects.count() == 1


def test_returning_takes_a_reason(submitted):
    page = step(submitted.approver, submitted.review, "return", reason="")
    assert page.status_code == 200
    assert submitted.review.state == "submitted"
    step(submitted.approver, submitted.review, "return", reason="The growth is missing.")
    assert submitted.review.state == "returned"
    assert "The growth is missing." in text(see(submitted.manager, submitted.review))


def test_what_changed_after_submission_has_to_be_submitted_again(submitted):
    drafts.answer(
        submitted.decision,
        question="steady",
        answer="no",
        evidence="It is not.",
        by=submitted.manager,
        at=NOW,
    )
    page = text(see(submitted.approver, submitted.review))
    assert "Out of date" in page
    assert "Your password" not in page
    refused = sign(submitted.approver, submitted.review)
    assert "submitted again" in text(refused)
    step(submitted.manager, submitted.review, "submit", note="Again.")
    assert "Out of date" not in text(see(submitted.approver, submitted.review))


def test_the_next_review_opens_with_what_changed(submitted):
    sign(submitted.approver, submitted.review)
    option = submitted.option("Managed")
    drafts.change_option(
        option,
        name="Managed",
        kind=option.kind,
        figures={"input_per_mtok": 0.6, "output_per_mtok": 0.8},
        by=submitted.manager,
        at=NOW,
        version=Decision.objects.get().version,
    )
    following = Review.objects.create(
        decision=submitted.decision, year=2027, quarter=1, due_on=NOW.date(), created_at=NOW
    )
    page = see(submitted.manager, following)
    parts = {part["key"]: part["changes"] for part in page.context["parts"]}
    changes = {c["what"]: c for c in parts["prices"]}
    assert changes["Managed: input"]["old"] == "EUR 0.50"
    assert changes["Managed: input"]["effect"] == 100
    assert text(page).index("What changed") < text(page).index("Where the decision stands")


def test_comments_are_kept_in_order(story):
    step(story.approver, story.review, "comment", text="Where is <b>this</b> from?")
    step(story.manager, story.review, "comment", text="The invoice.")
    page = text(see(story.manager, story.review))
    assert page.index("Where is &lt;b&gt;this") < page.index("The invoice.")
    assert step(story.manager, story.review, "comment", text=" ").status_code == 200
    assert story.review.comments.count() == 2


@pytest.mark.parametrize("name", ["open", "submit", "return", "sign-off", "comment"])
def test_those_without_the_role_get_404(submitted, name):
    viewer = stories.person(submitted.team, "viewer@example.org", "viewer")
    auditor = stories.person(None, "auditor@example.org", is_auditor=True)
    stranger = stories.person(None, "stranger@example.org")
    fields = {"reason": "x", "text": "x", "note": "x", "password": PASSWORD}
    for person in (viewer, auditor, stranger):
        assert step(person, submitted.review, name, **fields).status_code == 404
    assert see(viewer, submitted.review).status_code == 200
    assert see(auditor, submitted.review).status_code == 200
    assert see(stranger, submitted.review).status_code == 404


def test_a_step_is_never_taken_by_looking(submitted):
    client = browser(submitted.approver)
    for name in ("open", "submit", "return", "sign-off", "comment"):
        assert client.get(f"/reviews/{submitted.review.pk}/{name}/").status_code == 405


def test_a_late_review_is_marked(story):
    Review.objects.update(due_on=timezone.localdate().replace(year=2020))
    assert "late" in text(browser(story.manager).get("/reviews/"))


def test_what_moved_after_the_page_was_opened_is_shown_and_the_note_stays(submitted):
    client = browser(submitted.approver)
    url = f"/reviews/{submitted.review.pk}/"
    shown = client.get(url).context["seen"]
    option = submitted.option("Managed")
    drafts.change_option(
        option,
        name="Managed",
        kind=option.kind,
        figures={"input_per_mtok": 0.6, "output_per_mtok": 0.8},
        by=submitted.manager,
        at=NOW,
        version=Decision.objects.get().version,
    )
    reviews.submit(submitted.review, note="", by=submitted.manager, at=NOW)
    fields = {"seen": shown, "password": PASSWORD, "note": "My long note."}
    page = client.post(f"{url}sign-off/", fields)
    assert [c["what"] for c in page.context["moved"]][-1] == "Managed: input"
    assert "My long note." in text(page)
    fields["seen"] = page.context["seen"]
    assert client.post(f"{url}sign-off/", fields).status_code == 302
    assert submitted.review.state == "signed"


def test_a_page_that_does_not_say_what_it_showed_signs_nothing(submitted):
    page = step(submitted.approver, submitted.review, "sign-off", password=PASSWORD)
    assert "did not say what it had shown" in text(page)
    assert submitted.review.state == "submitted"


def test_a_delegate_is_told_for_whom_they_sign(submitted):
    viewer = stories.person(submitted.team, "viewer@example.org", "viewer")
    assert "Sign off as" not in text(see(viewer, submitted.review))
    today = timezone.now().date().isoformat()
    fields = {"delegate": viewer.pk, "from_on": today, "until_on": today}
    made = browser(submitted.approver).post(f"/teams/{submitted.team.pk}/delegations/", fields)
    assert made.status_code == 302
    assert "Sign off for approver" in text(see(viewer, submitted.review))
    assert sign(viewer, submitted.review).status_code == 302
    assert submitted.review.state == "signed"


def test_the_count_in_the_navigation_is_what_waits_for_the_reader(submitted):
    def waiting(person):
        page = browser(person).get("/reviews/")
        return page.context["here"].reviews_to_do, len(page.context["to_sign"])

    viewer = stories.person(submitted.team, "viewer@example.org", "viewer")
    assert [waiting(p) for p in (submitted.approver, submitted.manager, viewer)] == [
        (1, 1),
        (0, 0),
        (0, 0),
    ]
    today = submitted.approver.today(timezone.now())
    delegations.make(
        submitted.team,
        delegate=viewer,
        from_on=today,
        until_on=today,
        by=submitted.approver,
        at=timezone.now(),
    )
    assert waiting(viewer) == (1, 1)


def test_a_first_review_shows_where_the_decision_stands_before_it_asks_for_a_signature(submitted):
    shown = text(see(submitted.approver, submitted.review))
    assert shown.index("Where the decision stands") < shown.index('id="next-step"')
