"""Whose model is this, and could a team run it itself?

The list ships with the product and an administrator may edit it. A model that no family covers is
unknown, and unknown is never offered as an open model.
"""

import csv
from pathlib import Path
from typing import NamedTuple

from django.db import transaction

from pricing.models import ModelFamily, Offer

SHIPPED = Path(__file__).parent / "data" / "model_families.csv"


class Family(NamedTuple):
    """What a family says of a model."""

    name: str
    weights: str


UNKNOWN = Family("", Offer.Weights.UNKNOWN)


class Families:
    """The stored list, read once: the longest prefix that a model's name begins with decides."""

    def __init__(self) -> None:
        self._by_prefix = {
            prefix: Family(family.name, family.weights)
            for family in ModelFamily.objects.all()
            for prefix in family.prefixes.split()
        }
        self._longest = max(map(len, self._by_prefix), default=0)

    def of(self, model: str) -> Family:
        """Return the family of a normalised model name."""
        for length in range(min(len(model), self._longest), 0, -1):
            family = self._by_prefix.get(model[:length])
            if family is not None:
                return family
        return UNKNOWN


def load_shipped() -> int:
    """Store the shipped families that are not there yet; return how many. Edited ones stay."""
    with SHIPPED.open(newline="", encoding="utf-8") as file:
        rows = [ModelFamily(**row) for row in csv.DictReader(file)]
    known = set(ModelFamily.objects.values_list("name", flat=True))
    new = [row for row in rows if row.name not in known]
    ModelFamily.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def mark_open(models: set[str]) -> None:
    """Note that a source names published weights of these models, where our list is silent."""
    if models:
        silent = Offer.objects.filter(weights=Offer.Weights.UNKNOWN, model__in=models)
        silent.update(weights=Offer.Weights.OPEN)


@transaction.atomic
def reclassify() -> int:
    """Give every token offer the family that the list says now; return how many changed."""
    families = Families()
    changed = []
    for offer in Offer.objects.filter(kind=Offer.Kind.TOKEN).only("model", "family", "weights"):
        family, weights = families.of(offer.model)
        if (offer.family, offer.weights) != (family, weights):
            offer.family, offer.weights = family, weights
            changed.append(offer)
    Offer.objects.bulk_update(changed, ["family", "weights"], batch_size=500)
    return len(changed)
