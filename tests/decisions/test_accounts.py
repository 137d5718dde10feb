"""Guessing passwords is slowed down for the address that is tried, not for its neighbours."""

import pytest
from axes.models import AccessAttempt
from django.urls import reverse

from tests.factories import make_user

PAGE = reverse("account_login")
PASSWORD = "a password of the test"


@pytest.fixture
def people(db, settings):
    # Allauth's own limit counts too; here it is the other one that is looked at.
    settings.ACCOUNT_RATE_LIMITS = False
    found = []
    for name in ("guessed", "neighbour"):
        person = make_user(f"{name}@example.org")
        person.set_password(PASSWORD)
        person.save()
        found.append(person)
    return found


def sign_in(client, person, password):
    return client.post(PAGE, {"login": person.email, "password": password})


def test_too_many_wrong_passwords_lock_that_address_only(client, people, settings):
    guessed, neighbour = people
    for _ in range(settings.AXES_FAILURE_LIMIT):
        sign_in(client, guessed, "wrong")
    assert set(AccessAttempt.objects.values_list("username", flat=True)) == {guessed.email}
    sign_in(client, guessed, PASSWORD)
    assert "_auth_user_id" not in client.session
    assert sign_in(client, neighbour, PASSWORD).status_code == 302
    assert client.session["_auth_user_id"] == str(neighbour.pk)


def test_an_address_is_one_person_in_any_case(client, people):
    client.post(PAGE, {"login": people[0].email.upper(), "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(people[0].pk)


def test_sign_up_can_be_closed(client, db, settings):
    settings.SIGNUP_OPEN = False
    answer = client.get(reverse("account_signup"))
    assert "password1" not in answer.content.decode()
