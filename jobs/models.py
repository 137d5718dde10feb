"""Which pieces of background work exist, and how far is each?"""

from django.db import models
from django.db.models import Q


class Job(models.Model):
    """One piece of background work, written in the transaction of the change that asks for it.

    `key` names the work, not the try: asking twice for the same key is asking once.
    """

    class State(models.TextChoices):
        """Where a piece of work stands."""

        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=60)
    title = models.CharField(max_length=200, blank=True)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=5)
    progress_percent = models.PositiveSmallIntegerField(default=0)
    progress_says = models.CharField(max_length=200, blank=True)
    result = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True)
    asked_by = models.CharField(max_length=254, blank=True)
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="job_still_to_do",
                condition=Q(state__in=["waiting", "running"]),
            ),
            models.Index(fields=["-asked_at"], name="job_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                name="job_running_has_lease",
                condition=~Q(state="running") | Q(lease_until__isnull=False),
            ),
            models.CheckConstraint(
                name="job_progress_is_percent", condition=Q(progress_percent__lte=100)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title or self.kind} ({self.state})"


class Heartbeat(models.Model):
    """When a process last showed that it is alive."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S}"
