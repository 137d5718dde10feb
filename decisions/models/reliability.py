"""What does the team do so that its own machines may fail, who does it, and when was it last tried?"""

from django.db import models
from django.db.models import Q

from decisions.models.decisions import Decision


class ReliabilityPart(models.Model):
    """One of the six parts of a reliability plan."""

    class Part(models.TextChoices):
        """What a provider of an API does for its customers, and a self-hosting team does itself."""

        HEALTH_CHECKS = "health_checks", "Health checks"
        DEGRADATION = "degradation", "Graceful degradation"
        FALLBACK = "fallback", "Fallback to APIs"
        SPARE_HARDWARE = "spare_hardware", "Spare hardware"
        REGIONS = "regions", "Regions"
        UPDATES = "updates", "Updates"

    decision = models.ForeignKey(
        Decision, on_delete=models.CASCADE, related_name="reliability_parts"
    )
    part = models.CharField(max_length=20, choices=Part.choices)
    plan = models.TextField(blank=True)
    owner = models.CharField(max_length=120, blank=True)
    tested_on = models.DateField(null=True, blank=True)
    # In the decision's currency; None: nobody has said what it costs.
    monthly_cost = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["decision", "part"], name="reliability_part_once"),
            models.CheckConstraint(
                name="reliability_cost_not_negative",
                condition=Q(monthly_cost__isnull=True) | Q(monthly_cost__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_part_display()}: {self.owner or 'nobody'}"
