"""Which evidence packs were asked for, and what is in each?"""

from typing import Any

from django.db import models
from django.db.models import F, Q

from decisions.models.people import User


class Pack(models.Model):
    """A ZIP of all evidence of a period: made once in the background, then never changed.

    Who asked and what was asked for are kept as text too, so that a pack outlives both.
    """

    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="packs")
    asked_by_name = models.CharField(max_length=400)
    asked_at = models.DateTimeField()
    from_on = models.DateField()
    until_on = models.DateField()
    # The numbers of the teams in it; None: every team, those that are gone included.
    team_ids: Any = models.JSONField(null=True)
    teams_say = models.CharField(max_length=200)
    with_trail = models.BooleanField(default=False)
    zip = models.BinaryField(default=b"")
    sha256 = models.CharField(max_length=64, blank=True, default="")
    size_bytes = models.PositiveBigIntegerField(default=0)
    records = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="pack_ends_after_it_begins", condition=Q(until_on__gte=F("from_on"))
            ),
            models.CheckConstraint(
                name="pack_made_with_hash",
                condition=Q(made_at__isnull=True, sha256="")
                | (Q(made_at__isnull=False) & ~Q(sha256="")),
            ),
        ]

    def __str__(self) -> str:
        return f"Evidence pack {self.from_on} to {self.until_on}, {self.teams_say}"

    @property
    def job_key(self) -> str:
        """The name of the background work that makes it."""
        return f"pack:{self.pk}"

    @property
    def file_name(self) -> str:
        """What the file is called when it is downloaded."""
        return f"evidence-{self.from_on:%Y-%m-%d}-to-{self.until_on:%Y-%m-%d}-{self.pk}.zip"
