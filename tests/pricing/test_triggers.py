"""What was seen cannot be changed, by whatever road."""

import pytest
from django.db import DatabaseError, connection, transaction

from pricing.models import ExchangeRate, Observation
from tests.pricing.conftest import day, entries

ATTACKS = {
    "update by the ORM": lambda: Observation.objects.update(amount=1),
    "save": lambda: Observation.objects.all()[0].save(),
    "bulk update": lambda: Observation.objects.bulk_update(Observation.objects.all(), ["amount"]),
    "delete by the ORM": lambda: Observation.objects.all().delete(),
    "raw update": lambda: run("UPDATE pricing_observation SET amount = 1"),
    "raw delete": lambda: run("DELETE FROM pricing_observation"),
    "rates updated": lambda: ExchangeRate.objects.update(per_eur=1),
    "rates deleted": lambda: run("DELETE FROM pricing_exchangerate"),
}


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def something(see):
    see("2026-08-02", entries(a=2.0))
    ExchangeRate.objects.create(
        date=day("2026-11-20").date(),
        currency="USD",
        per_eur="1.15",
        source="ecb",
        seen_at=day("2026-11-20"),
    )


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_the_database_refuses(something, attack):
    before = list(Observation.objects.order_by("pk").values_list("pk", "amount"))
    with pytest.raises(DatabaseError, match=r"append-only|protected"), transaction.atomic():
        attack()
    assert list(Observation.objects.order_by("pk").values_list("pk", "amount")) == before


def test_a_row_cannot_be_replaced_on_sqlite(something):
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite knows INSERT OR REPLACE")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        run("INSERT OR REPLACE INTO pricing_observation SELECT * FROM pricing_observation LIMIT 1")
