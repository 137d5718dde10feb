"""What has a team brought itself: models of its own, benchmarks, and files of its real usage?

Each row keeps who brought it, when, and the SHA-256 of what was brought. Who is kept as text, so that
the evidence outlives the account.
"""

from typing import Any

from django.db import models
from django.db.models import Q

from decisions.models.decisions import Decision
from decisions.models.people import Team


class OwnModel(models.Model):
    """A language model that the catalogue does not hold, described by its config.json.

    Its options name it like a model of the catalogue. It is never edited: another config is
    another model, or the same name after this one was removed.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="own_models")
    name = models.CharField(max_length=80)
    # The settings that were read; the rest of a config says nothing about size.
    config: Any = models.JSONField()
    params_total = models.FloatField()
    params_active = models.FloatField(null=True, blank=True)
    sha256 = models.CharField(max_length=64)
    added_by_name = models.CharField(max_length=400)
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="own_model_once_per_team"),
            models.CheckConstraint(
                name="own_model_has_parameters",
                condition=Q(params_total__gt=0)
                & (Q(params_active__isnull=True) | Q(params_active__gt=0)),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Benchmark(models.Model):
    """One measured run of a server: what it ran on, the shape of its load, and what came out.

    Times are in milliseconds, tokens per second are of the whole server that was measured.
    """

    class Kind(models.TextChoices):
        """What the figures were read from."""

        VLLM = "vllm", "vllm bench serve"
        GUIDELLM = "guidellm", "GuideLLM"
        TYPED = "typed", "typed in"

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="benchmarks")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    measured_on = models.DateField()
    gpu = models.CharField(max_length=80)
    model = models.CharField(max_length=120)
    quantization = models.CharField(max_length=40)
    server = models.CharField(max_length=40)
    tensor_parallel = models.PositiveIntegerField()
    replicas = models.PositiveIntegerField(default=1)
    input_tokens = models.FloatField()
    output_tokens = models.FloatField()
    concurrency = models.FloatField()
    output_tokens_per_s = models.FloatField()
    ttft_ms = models.FloatField(null=True, blank=True)
    tpot_ms = models.FloatField(null=True, blank=True)
    requests = models.PositiveIntegerField(null=True, blank=True)
    note = models.TextField(blank=True)
    file_name = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64)
    added_by_name = models.CharField(max_length=400)
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["-measured_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "sha256", "concurrency", "output_tokens_per_s"],
                name="benchmark_once_per_team",
            ),
            models.CheckConstraint(
                name="benchmark_figures_positive",
                condition=Q(
                    tensor_parallel__gte=1,
                    replicas__gte=1,
                    input_tokens__gte=1,
                    output_tokens__gte=1,
                    concurrency__gte=1,
                    output_tokens_per_s__gt=0,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} on {self.replicas * self.tensor_parallel} × {self.gpu}, {self.measured_on}"

    @property
    def output_tokens_per_s_per_replica(self) -> float:
        """Output tokens a second of one copy of the model: what the evaluation takes."""
        return self.output_tokens_per_s / self.replicas


class UsageFile(models.Model):
    """A file of real usage, what was read from it, and whether the workload was filled from it.

    The file itself is deleted once it was read: only sums stay. `found` holds them.
    """

    class State(models.TextChoices):
        """How far the file is."""

        MAPPING = "mapping", "Columns to confirm"
        READING = "reading", "Being read"
        READ = "read", "Read"
        APPLIED = "applied", "In the workload"
        FAILED = "failed", "Could not be read"

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="usage_files")
    state = models.CharField(max_length=10, choices=State.choices, default=State.MAPPING)
    file_name = models.CharField(max_length=200)
    # Below the folder of uploads; empty once the file was deleted.
    stored_as = models.CharField(max_length=100, blank=True)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    layout = models.CharField(max_length=40, blank=True)
    columns: Any = models.JSONField(default=list)
    mapping: Any = models.JSONField(default=dict)
    found: Any = models.JSONField(null=True, blank=True)
    problem = models.TextField(blank=True)
    period_from = models.DateTimeField(null=True, blank=True)
    period_to = models.DateTimeField(null=True, blank=True)
    added_by_name = models.CharField(max_length=400)
    added_at = models.DateTimeField()
    applied_by_name = models.CharField(max_length=400, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-added_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="usage_file_applied_with_who_and_when",
                condition=(
                    Q(state="applied") & ~Q(applied_by_name="") & Q(applied_at__isnull=False)
                )
                | (~Q(state="applied") & Q(applied_by_name="") & Q(applied_at__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.get_state_display()})"
