"""Which records and packs may somebody without an account take, and until when?"""

from datetime import datetime

from django.db import models
from django.db.models import Q

from decisions.models.packs import Pack
from decisions.models.people import User


class ShareLink(models.Model):
    """An address for one record or one evidence pack. Only the SHA-256 of its secret is kept."""

    sha256 = models.CharField(max_length=64, unique=True)
    record_id = models.CharField(max_length=40, blank=True, db_index=True)
    pack = models.ForeignKey(
        Pack, on_delete=models.CASCADE, null=True, blank=True, related_name="links"
    )
    for_whom = models.CharField(max_length=200)
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    made_by_name = models.CharField(max_length=400)
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by_name = models.CharField(max_length=400, blank=True)
    uses = models.PositiveIntegerField(default=0)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="share_link_leads_to_one_thing",
                condition=Q(record_id="", pack__isnull=False)
                | (~Q(record_id="") & Q(pack__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"Link {self.pk} for {self.for_whom}"

    def is_good(self, *, at: datetime) -> bool:
        """Return whether it still opens."""
        return self.revoked_at is None and at < self.ends_at
