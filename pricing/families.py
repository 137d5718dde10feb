"""Whose model is this, and could a team run it itself?

The list ships with the product and an administrator may edit it. A model that no family covers is
unknown, and unknown is never offered as an open model.
"""

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q

from pricing import audit
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
    """Give every token offer the family that the list says now; return how many changed.

    Where the list is and was silent, what a source says of the weights stays.
    """
    families = Families()
    changed = []
    offers = Offer.objects.filter(kind=Offer.Kind.TOKEN).only("model", "family", "weights")
    for offer in offers.order_by().iterator(chunk_size=2000):
        found = families.of(offer.model)
        silent = found == UNKNOWN and not offer.family
        if not silent and (offer.family, offer.weights) != found:
            offer.family, offer.weights = found
            changed.append(offer)
    Offer.objects.bulk_update(changed, ["family", "weights"], batch_size=500)
    return len(changed)


def offers_of(family: ModelFamily) -> Iterator[Offer]:
    """Return the token offers that the family's beginnings decide, by name."""
    families = Families()
    beginnings = Q()
    for prefix in family.prefixes.split():
        beginnings |= Q(model__startswith=prefix)
    for offer in Offer.objects.filter(beginnings, kind=Offer.Kind.TOKEN).order_by("model", "pk"):
        if families.of(offer.model).name == family.name:
            yield offer


@transaction.atomic
def set_weights(*, family: ModelFamily, weights: str, by: str, reason: str, at: datetime) -> int:
    """State whether a family's weights are open, and say so of its offers; return how many changed.

    Raises ValueError for weights that are no choice, or without a reason.
    """
    if weights not in Offer.Weights.values or not reason.strip():
        raise ValueError("Say whether its weights are open, and why.")
    locked = ModelFamily.objects.select_for_update().get(pk=family.pk)
    before = locked.weights
    locked.weights = weights
    locked.save(update_fields=["weights"])
    changed = reclassify()
    audit.write(
        "model family reclassified",
        by=by,
        at=at,
        subject=locked,
        before={"weights": before},
        after={
            "family": locked.name,
            "weights": weights,
            "reason": reason.strip(),
            "offers": changed,
        },
    )
    return changed
