"""A notice goes out once over each channel that is wanted, and a failure says what and waits."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from decisions import addresses, channels, deliveries, letters, notices
from decisions.models import Address, AuditEvent, Delivery, Flag, Muted
from tests import smtp
from tests.decisions import stories
from tests.decisions.stories import NOW
from tests.factories import make_flag, make_user


@pytest.fixture
def story(db):
    return stories.ready()


@pytest.fixture
def own_network(settings):
    settings.NOTICES_PRIVATE_ADDRESSES = True


@pytest.fixture
def sink(settings):
    with smtp.listening() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


def add(story, service, url, *, team=True):
    return addresses.add(
        service=service,
        name="there",
        url=url,
        team=story.team if team else None,
        by=story.manager,
        at=NOW,
    )


def only():
    return Delivery.objects.select_related("job").get()


def test_what_a_mail_server_takes_is_sent_in_text_and_html(story, sink, do_work):
    deliveries.send_test(person=story.manager, address=None, by=story.manager, at=NOW)
    do_work()
    (taken,) = sink.taken
    assert taken["Message-ID"] == only().message_id
    assert [part.get_content_type() for part in taken.walk()][1:] == ["text/plain", "text/html"]
    assert only().state == "sent"


def test_a_mail_server_that_refuses_for_now_is_asked_again_with_the_same_id(story, sink, do_work):
    sink.answers = ["451 come back later"]
    deliveries.send_test(person=story.manager, address=None, by=story.manager, at=NOW)
    do_work()
    assert only().state == "waiting"
    assert "451" in only().job.error
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        do_work()
    assert only().state == "sent"
    assert [m["Message-ID"] for m in sink.taken] == [only().message_id]


def test_a_mail_server_that_is_gone_keeps_everything_waiting_for_two_days(story, settings, do_work):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    deliveries.send_test(person=story.manager, address=None, by=story.manager, at=NOW)
    at = begun = timezone.now()
    while only().state == "waiting":
        with time_machine.travel(at, tick=False):
            do_work()
        assert "127.0.0.1:1 cannot be used" in only().job.error
        waits = only().job.due_at - at
        assert only().state == "failed" or waits <= timedelta(hours=1)
        at = only().job.due_at if only().state == "waiting" else at
    assert timedelta(hours=46) < at - begun < timedelta(hours=50)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert deliveries.retry(only(), by=story.manager, at=timezone.now())
    do_work()
    assert len(mail.outbox) == 1
    assert not deliveries.retry(only(), by=story.manager, at=timezone.now())
    assert AuditEvent.objects.filter(what="notice tried again").count() == 1


@pytest.mark.parametrize("kind", Flag.Kind.values)
def test_every_kind_of_flag_tells_those_who_may_act_once(story, do_work, kind):
    make_flag(story.decision, kind=kind, says="Look at this.")
    stories.person(story.team, "viewer@example.org", "viewer")
    assert notices.tell_of_flags(now=NOW) == 1
    assert notices.tell_of_flags(now=NOW) == 0
    do_work()
    assert sorted(m.to[0] for m in mail.outbox) == ["approver@example.org", "manager@example.org"]
    assert "Look at this." in mail.outbox[0].body


def test_a_flag_that_closed_before_it_was_told_tells_nothing(story, do_work):
    make_flag(story.decision, closed_at=NOW)
    assert notices.tell_of_flags(now=NOW) == 0
    flag = make_flag(story.decision)
    notices.tell_of_flags(now=NOW)
    Flag.objects.filter(pk=flag.pk).update(closed_at=NOW)
    do_work()
    assert mail.outbox == []
    assert {d.state for d in Delivery.objects.all()} == {"dropped"}


def test_what_a_person_does_not_want_is_not_sent_but_due_reviews_are(story):
    notices.choose(story.manager, wanted=[])
    assert list(notices.channels_of(story.manager, "flag")) == []
    assert list(notices.channels_of(story.manager, "soon")) == []
    assert list(notices.channels_of(story.manager, "due")) == [None]
    with pytest.raises(IntegrityError), transaction.atomic():
        Muted.objects.create(person=story.manager, kind="due", channel="email")


def test_a_webhook_is_signed_and_the_secret_is_kept_sealed(story, own_network, httpserver, do_work):
    address, secret = add(story, "webhook", httpserver.url_for("/hook-7777"))
    assert httpserver.url_for("/") not in Address.objects.get().sealed_url
    assert address.shown.endswith("…7777")
    httpserver.expect_request("/hook-7777", method="POST").respond_with_data("", status=204)
    make_flag(story.decision, says="Managed costs less.")
    notices.choose(story.manager, wanted=[])
    notices.tell_of_flags(now=NOW)
    do_work()
    ((request, _),) = httpserver.log
    signed = f"{request.headers['Breakeven-Timestamp']}.".encode() + request.get_data()
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    assert request.headers["Breakeven-Signature"] == f"v1={expected}"
    told = json.loads(request.get_data())
    assert (told["kind"], told["decision"], told["says"]) == (
        "flag",
        "Answers",
        "Managed costs less.",
    )


@pytest.mark.parametrize(
    ("status", "state", "says"),
    [(302, "failed", "redirects"), (404, "failed", "404"), (503, "waiting", "503")],
)
def test_a_webhook_that_refuses(story, own_network, httpserver, do_work, status, state, says):
    address, _ = add(story, "webhook", httpserver.url_for("/hook"))
    away = {"Location": httpserver.url_for("/elsewhere")}
    httpserver.expect_request("/hook").respond_with_data("", status=status, headers=away)
    deliveries.send_test(person=story.manager, address=address, by=story.manager, at=NOW)
    do_work()
    assert only().state == state
    assert says in only().job.error
    assert [request.path for request, _ in httpserver.log] == ["/hook"]


def test_nothing_is_posted_inside_a_private_network(story, httpserver, settings, do_work):
    settings.NOTICES_PRIVATE_ADDRESSES = True
    address, _ = add(story, "webhook", httpserver.url_for("/hook"))
    chat, _ = add(story, "mattermost", httpserver.url_for("/hooks/abcdefgh"), team=False)
    settings.NOTICES_PRIVATE_ADDRESSES = False
    for each in (address, chat):
        deliveries.send_test(person=story.manager, address=each, by=story.manager, at=NOW)
    do_work()
    for delivery in Delivery.objects.select_related("job"):
        assert delivery.state == "failed"
        assert "inside a private network" in delivery.job.error
    assert httpserver.log == []


def test_a_chat_is_told_through_apprise_and_follows_no_redirect(
    story, own_network, httpserver, do_work
):
    url = httpserver.url_for("/hooks/abcdefgh") + "?redirect=yes"
    address, secret = add(story, "mattermost", url)
    assert secret == ""
    away = {"Location": httpserver.url_for("/elsewhere")}
    hook = httpserver.expect_ordered_request("/hooks/abcdefgh", method="POST")
    hook.respond_with_data("", status=307, headers=away)
    deliveries.send_test(person=story.manager, address=address, by=story.manager, at=NOW)
    do_work()
    assert only().state == "waiting"
    assert "did not take" in only().job.error
    assert [request.path for request, _ in httpserver.log] == ["/hooks/abcdefgh"]
    httpserver.expect_ordered_request("/hooks/abcdefgh").respond_with_data("ok")
    deliveries.retry(only(), by=story.manager, at=timezone.now())
    do_work()
    assert only().state == "sent"
    assert "test message" in json.loads(httpserver.log[-1][0].get_data())["text"].lower()


def test_slack_is_told_through_apprise(story, own_network, httpserver, monkeypatch, do_work):
    from apprise.plugins.slack import NotifySlack

    monkeypatch.setattr(NotifySlack, "webhook_url", httpserver.url_for("/services"))
    letters_of = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    address, _ = add(story, "slack", letters_of)
    path = "/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    httpserver.expect_request(path, method="POST").respond_with_data("ok")
    deliveries.send_test(person=story.manager, address=address, by=story.manager, at=NOW)
    do_work()
    assert only().state == "sent", only().job.error
    assert b"Test message from Breakeven" in httpserver.log[-1][0].get_data()


WORKFLOW = "https://prod-1.westeurope.logic.azure.com:443/workflows/0123456789abcdef/triggers/manual/paths/invoke?api-version=2016-06-01&sp=x&sv=1.0&sig=abcdefgh"


@pytest.mark.parametrize(
    ("service", "url", "is_right"),
    [
        ("slack", "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrId", True),
        ("slack", "https://hooks.slack.example.com/services/T1/A1/T3", False),
        ("slack", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", False),
        ("teams", WORKFLOW, True),
        ("teams", "https://example.com/hook", False),
        ("mattermost", "https://chat.example.com/hooks/abcdefgh", True),
        ("mattermost", "https://chat.example.com/abcdefgh", False),
        ("webhook", "https://example.com/hook", True),
        ("webhook", "http://example.com/hook", False),
        ("webhook", "https://name:password@example.com/hook", False),
        ("webhook", "file:///etc/passwd", False),
        ("webhook", "https://[broken", False),
        ("webhook", "https://example.com/a b", False),
    ],
)
def test_an_address_has_to_be_one_of_its_service(service, url, is_right):
    assert (channels.fault_of(service, url) == "") is is_right


def test_an_address_that_no_key_opens_says_so(story, settings, do_work):
    address, _ = add(story, "webhook", "https://hooks.example.com/1")
    settings.SECRET_KEY = "another key, fifty characters long or more, 0123456789"
    deliveries.send_test(person=story.manager, address=address, by=story.manager, at=NOW)
    do_work()
    assert only().state == "failed"
    assert "entered again" in only().job.error


def test_what_waits_for_an_address_that_was_removed_is_not_mailed_instead(story, do_work):
    address, _ = add(story, "webhook", "https://hooks.example.com/1", team=False)
    deliveries.send_test(person=story.manager, address=address, by=story.manager, at=NOW)
    addresses.remove(address, by=story.manager, at=NOW)
    do_work()
    assert only().state == "failed"
    assert mail.outbox == []


def test_every_letter_has_a_link_that_leads_to_its_page(story, client, settings):
    settings.SITE_URL = "https://breakeven.example.org/"
    make_flag(story.decision)
    notices.tell_of_flags(now=NOW)
    message = letters.message(Delivery.objects.first())
    assert message.link == f"https://breakeven.example.org/decisions/{story.decision.pk}/"
    assert message.link in message.text and message.link in message.html


def test_text_of_others_is_escaped_in_html(story):
    make_flag(story.decision, says="<script>alert(1)</script>")
    notices.tell_of_flags(now=NOW)
    message = letters.message(Delivery.objects.first())
    assert "<script>" not in message.html
    assert "<script>" in message.text


def test_a_person_without_an_account_is_told_nothing(story, do_work):
    leaver = make_user("leaver@example.org")
    deliveries.send_test(person=leaver, address=None, by=leaver, at=NOW)
    leaver.is_active = False
    leaver.save()
    do_work()
    assert only().state == "dropped"
