from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.urls import reverse
from django.utils import timezone

from jobs.models import Heartbeat

PAGE = reverse("health")


def beat(**ages):
    for name, seconds in ages.items():
        Heartbeat.objects.create(name=name, at=timezone.now() - timedelta(seconds=seconds))


def test_all_is_well(client, db):
    beat(worker=5, scheduler=5)
    answer = client.get(PAGE)
    assert answer.status_code == 200
    assert answer.json() == {"database": "ok", "worker": "ok", "scheduler": "ok"}
    assert "no-cache" in answer["Cache-Control"]


@pytest.mark.parametrize("name", ["worker", "scheduler"])
def test_a_silent_process_is_no_good(client, db, name):
    beat(**{"worker": 5, "scheduler": 5, name: 121})
    answer = client.get(PAGE)
    assert answer.status_code == 503
    assert answer.json()[name] == "silent"


def test_a_process_that_never_started_is_no_good(client, db):
    answer = client.get(PAGE)
    assert answer.status_code == 503
    assert answer.json()["worker"] == "never seen"


def test_a_database_that_is_gone_is_said(client, db, monkeypatch):
    def gone(*args, **kwargs):
        raise DatabaseError

    monkeypatch.setattr(Heartbeat.objects, "values_list", gone)
    answer = client.get(PAGE)
    assert answer.status_code == 503
    assert answer.json()["database"] == "down"
