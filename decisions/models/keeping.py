"""Which records are held beyond their date, by whom and why?"""

from django.db import models
from django.db.models import Q


class LegalHold(models.Model):
    """While it stands, the database refuses to delete the record, whatever its date says."""

    record_id = models.CharField(max_length=40, db_index=True)
    because = models.TextField()
    set_by_name = models.CharField(max_length=400)
    set_at = models.DateTimeField()
    lifted_because = models.TextField(blank=True)
    lifted_by_name = models.CharField(max_length=400, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-set_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["record_id"],
                condition=Q(lifted_at__isnull=True),
                name="one_standing_hold_per_record",
            ),
        ]

    def __str__(self) -> str:
        return f"Legal hold of {self.record_id}"
