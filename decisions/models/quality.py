"""How well did an option do in the team's own evaluation, and who wrote that down?"""

from django.db import models
from django.db.models import Q

from decisions.models.decisions import Decision, share


class QualityScore(models.Model):
    """One evaluation by the team: a score between 0 and 1 on a named benchmark on a day.

    The option is kept by its name, so that a score outlives a deletion that is undone.
    """

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="quality_scores")
    option_name = models.CharField(max_length=80)
    # The class of traffic that was tested; empty: the workload as a whole.
    traffic_class = models.CharField(max_length=40, blank=True)
    score = models.FloatField()
    benchmark = models.CharField(max_length=120)
    measured_on = models.DateField()
    evidence_url = models.CharField(max_length=500, blank=True)
    note = models.TextField(blank=True)
    file_name = models.CharField(max_length=120, blank=True)
    file_sha256 = models.CharField(max_length=64, blank=True)
    file = models.BinaryField(null=True, blank=True)
    by_name = models.CharField(max_length=254)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["measured_on", "pk"]
        constraints = [
            models.CheckConstraint(name="quality_score_is_a_share", condition=share("score")),
            models.CheckConstraint(
                name="quality_score_has_evidence",
                condition=~Q(evidence_url="") | ~Q(file_sha256="") | ~Q(note=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.option_name}: {self.score:.1%} on {self.benchmark}, {self.measured_on}"
