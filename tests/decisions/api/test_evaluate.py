import json

import pytest
from django.test import Client
from django.urls import reverse

from decisions import tokens
from tests.decisions import questions
from tests.factories import NOW, make_user

PAGE = reverse("evaluate-api")
JSON = "application/json"


@pytest.fixture
def signed_in(client, db):
    client.force_login(make_user())
    return client


def test_it_answers_as_the_command_does(signed_in):
    raw = questions.question(questions.closed(), questions.managed())
    answer = signed_in.post(PAGE, json.dumps(raw), content_type=JSON)
    assert answer.status_code == 200
    found = answer.json()
    assert found["ranking"] == ["B", "A"]
    assert found["options"][0]["per_month"]["total"] == 7500.0


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ("{", ""),
        ("[]", ""),
        ('{"currency": NaN}', ""),
        (b"\xff", ""),
        ('{"currency": "EUR", "workload": {"input_tokens_per_month": -1}}', "workload"),
    ],
)
def test_bad_input_names_every_fault_with_its_path(signed_in, body, path):
    answer = signed_in.post(PAGE, body, content_type=JSON)
    assert answer.status_code == 422
    faults = answer.json()["faults"]
    assert faults
    assert all(fault["says"] for fault in faults)
    assert any(fault["path"].startswith(path) for fault in faults)


def test_visitors_are_told_to_sign_in(client, db):
    assert client.post(PAGE, "{}", content_type=JSON).status_code == 401


def test_only_a_post_is_answered(signed_in):
    assert signed_in.get(PAGE).status_code == 405


def test_a_foreign_page_cannot_ask_in_somebodys_name(db):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user())
    assert client.post(PAGE, "{}", content_type=JSON).status_code == 403


def with_key(secret):
    return {"HTTP_AUTHORIZATION": f"Bearer {secret}"}


def test_a_program_asks_with_a_persons_key(db):
    person = make_user()
    secret = tokens.make(name="nightly", by=person, at=NOW)
    raw = json.dumps(questions.question(questions.closed(), questions.managed()))
    program = Client(enforce_csrf_checks=True)
    assert program.post(PAGE, raw, content_type=JSON, **with_key(secret)).status_code == 200
    assert person.api_tokens.get().last_used_at is not None
    assert secret not in person.api_tokens.get().sha256


@pytest.mark.parametrize("end", ["revoked", "person left", "wrong"])
def test_a_key_that_ended_is_refused(db, end):
    person = make_user()
    secret = tokens.make(name="nightly", by=person, at=NOW)
    if end == "revoked":
        tokens.revoke(person.api_tokens.get(), by=person, at=NOW)
    elif end == "person left":
        type(person).objects.filter(pk=person.pk).update(is_active=False)
    else:
        secret = secret[:-1]
    assert Client().post(PAGE, "{}", content_type=JSON, **with_key(secret)).status_code == 401


def test_a_key_is_shown_once_and_can_be_revoked(client, db):
    person = make_user()
    client.force_login(person)
    shown = client.post(reverse("token-make"), {"name": "nightly"}).content.decode()
    assert tokens.PREFIX in shown
    assert tokens.PREFIX not in client.get(reverse("profile")).content.decode()
    again = client.post(reverse("token-make"), {"name": "nightly"}).content.decode()
    assert "already" in again
    client.post(reverse("token-revoke", args=[person.api_tokens.get().pk]))
    assert not person.api_tokens.exists()
