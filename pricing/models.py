"""Which things are sold, and what has been seen of their prices?

An offer is one thing that somebody sells. An observation is one price seen once, somewhere: rows are
only ever added, and triggers in the database refuse any change. The current price of an offer is a
pointer to an observation, so a look-up costs the same after a million of them.
"""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

# The revision of an answer that came with the product itself begins so.
BUNDLED = "bundled"
# What is noted of a source that nobody could be reached for begins so.
NO_NETWORK = "No network"


class Offer(models.Model):
    """One thing that is sold: tokens of one model at one host, or hours of one GPU."""

    class Kind(models.TextChoices):
        """What is counted."""

        TOKEN = "token", "Tokens"
        GPU = "gpu", "GPUs"

    class Weights(models.TextChoices):
        """Whether a team could run the model itself."""

        OPEN = "open", "Open weights"
        CLOSED = "closed", "Closed"
        UNKNOWN = "unknown", "Unknown"

    class Mode(models.TextChoices):
        """On which terms it is sold."""

        ON_DEMAND = "on_demand", "On demand"
        SPOT = "spot", "Spot"
        RESERVED = "reserved", "Reserved"
        SERVERLESS = "serverless", "Serverless"
        PURCHASE = "purchase", "Bought"

    key = models.CharField(max_length=400, unique=True)
    kind = models.CharField(max_length=5, choices=Kind.choices)
    provider = models.CharField(max_length=60)
    host = models.CharField(max_length=60)
    model = models.CharField(max_length=120, blank=True)
    source_name = models.CharField(max_length=200, blank=True)
    family = models.CharField(max_length=60, blank=True)
    weights = models.CharField(max_length=7, choices=Weights.choices, default=Weights.UNKNOWN)
    quantization = models.CharField(max_length=20, blank=True)
    region = models.CharField(max_length=60, blank=True)
    gpu = models.CharField(max_length=60, blank=True)
    gpu_is_known = models.BooleanField(default=False)
    gpu_count = models.PositiveIntegerField(default=0)
    mode = models.CharField(max_length=10, choices=Mode.choices)
    term_months = models.PositiveIntegerField(default=0)
    is_alias = models.BooleanField(default=False)
    for_team_id = models.IntegerField(null=True, blank=True)

    class Meta:
        ordering = ["provider", "model", "gpu", "pk"]
        indexes = [
            models.Index(fields=["kind", "model"], name="offer_model"),
            models.Index(fields=["kind", "gpu", "mode"], name="offer_gpu"),
        ]
        constraints = [
            models.CheckConstraint(
                name="offer_token_has_model_gpu_has_gpu",
                condition=(Q(kind="token") & ~Q(model="") & Q(gpu=""))
                | (Q(kind="gpu") & Q(model="") & ~Q(gpu="") & Q(gpu_count__gte=1)),
            ),
            models.CheckConstraint(
                name="offer_reserved_has_term",
                condition=~Q(mode="reserved") | Q(term_months__gte=1),
            ),
        ]

    def __str__(self) -> str:
        if self.kind == self.Kind.GPU:
            count = f"{self.gpu_count} × " if self.gpu_count > 1 else ""
            return f"{count}{self.gpu} at {self.seller}, {self.terms}"
        name = self.source_name.rpartition("/")[2] or self.model
        return " ".join(filter(None, [name, "at", self.seller, self.region]))

    def get_absolute_url(self) -> str:
        """Return the address of its page."""
        return reverse("price-detail", args=[self.pk])

    @property
    def listed_as(self) -> str:
        """Return the seller's own name for the model, "" when it says no more than the model's.

        A preview or a dated version goes by the model's name among its hosts: this tells it apart.
        """
        return "" if self.source_name.lower() in ("", self.model) else self.source_name

    @property
    def seller(self) -> str:
        """Return who is paid, and where it runs when that is somebody or somewhere else."""
        return (
            self.provider if self.host in ("", self.provider) else f"{self.provider} ({self.host})"
        )

    @property
    def terms(self) -> str:
        """Return the terms in words: "on demand", "reserved for 12 months"."""
        if self.mode == self.Mode.RESERVED:
            return f"reserved for {self.term_months} months"
        return str(self.get_mode_display()).lower()


class Observation(models.Model):
    """One price as it was seen once. Never changed: triggers refuse UPDATE and DELETE."""

    class Measure(models.TextChoices):
        """What the amount is paid for."""

        INPUT = "input", "Input"
        OUTPUT = "output", "Output"
        CACHED_INPUT = "cached_input", "Cached input"
        BATCH_INPUT = "batch_input", "Batch input"
        BATCH_OUTPUT = "batch_output", "Batch output"
        GPU_HOUR = "gpu_hour", "GPU-hour"
        GPU_PURCHASE = "gpu_purchase", "GPU, bought"

    class Unit(models.TextChoices):
        """How much of it the amount buys."""

        MTOK = "mtok", "per million tokens"
        GPU_HOUR = "gpu_hour", "per GPU and hour"
        GPU = "gpu", "per GPU"

    class Status(models.TextChoices):
        """What the guards and people made of it."""

        ACCEPTED = "accepted", "Accepted"
        QUARANTINED = "quarantined", "Quarantined"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="observations")
    measure = models.CharField(max_length=12, choices=Measure.choices)
    # A withdrawn price keeps the last amount; a rejected one may be no number at all.
    amount = models.DecimalField(max_digits=18, decimal_places=9, null=True, blank=True)
    currency = models.CharField(max_length=3)
    unit = models.CharField(max_length=8, choices=Unit.choices)
    source = models.CharField(max_length=40)
    source_revision = models.CharField(max_length=100, blank=True)
    source_url = models.CharField(max_length=500, blank=True)
    seen_at = models.DateTimeField()
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=11, choices=Status.choices)
    reason = models.CharField(max_length=500, blank=True)
    refers_to = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="followed_by"
    )
    decided_by = models.CharField(max_length=254, blank=True)
    for_team_id = models.IntegerField(null=True, blank=True)
    evidence = models.CharField(max_length=500, blank=True)
    evidence_file = models.ForeignKey(
        "EvidenceFile", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-seen_at", "-pk"]
        indexes = [
            models.Index(fields=["offer", "measure", "seen_at"], name="observation_history"),
            models.Index(fields=["source", "seen_at"], name="observation_of_source"),
        ]
        constraints = [
            models.CheckConstraint(
                name="observation_usable_amount_positive",
                condition=Q(status="rejected") | (Q(amount__isnull=False) & Q(amount__gt=0)),
            ),
            models.CheckConstraint(
                name="observation_refusal_has_reason",
                condition=~Q(status__in=["quarantined", "rejected"]) | ~Q(reason=""),
            ),
            models.CheckConstraint(
                name="observation_valid_forwards",
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_from__lte=F("valid_until")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} {self.get_unit_display()} ({self.status})"


class CurrentPrice(models.Model):
    """Which observation of a source holds now, and which one waits or was refused after it.

    `observation` is the last accepted (or withdrawn) one; `pending` the last quarantined or rejected
    one that no later answer of the source has replaced.
    """

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="current")
    measure = models.CharField(max_length=12, choices=Observation.Measure.choices)
    source = models.CharField(max_length=40)
    for_team_id = models.IntegerField(null=True, blank=True)
    observation = models.ForeignKey(
        Observation, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    pending = models.ForeignKey(
        Observation, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=["source"], name="current_of_source")]
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "measure", "source"],
                condition=Q(for_team_id__isnull=True),
                name="current_once_per_source",
            ),
            models.UniqueConstraint(
                fields=["offer", "measure", "source", "for_team_id"],
                condition=Q(for_team_id__isnull=False),
                name="current_once_per_team",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.measure} of offer {self.offer_id} by {self.source}"


class SourceHealth(models.Model):
    """How a source fared. Last check and last success are two times: staleness is never faked."""

    source = models.CharField(max_length=40, primary_key=True)
    last_check_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    revision = models.CharField(max_length=100, blank=True)
    # What to send with a conditional request, by address: {"https://…": {"etag": …}}.
    validators = models.JSONField(default=dict, blank=True)
    report = models.JSONField(default=dict, blank=True)
    # {"openrouter": {"since": "2026-10-01T…", "before": 261, "now": 0}}
    held_providers = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)
    # Somebody changed how an answer is judged: the next one is read even if the source did not change.
    must_reread = models.BooleanField(default=False)

    class Meta:
        ordering = ["source"]
        verbose_name_plural = "source health"

    def __str__(self) -> str:
        return f"{self.source}, last success {self.last_success_at or 'never'}"

    @property
    def is_out_of_reach(self) -> bool:
        """Return whether there was no network to ask it over, which is no fault of the source."""
        return self.error.startswith(NO_NETWORK)

    @property
    def is_bundled(self) -> bool:
        """Return whether only the copy inside the product has been read so far."""
        return self.revision.startswith(BUNDLED)


class ProviderCurrency(models.Model):
    """In which currency a source writes a provider's prices, as a person found out."""

    source = models.CharField(max_length=40)
    provider = models.CharField(max_length=60)
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=500)
    set_by = models.CharField(max_length=254)
    set_at = models.DateTimeField()

    class Meta:
        ordering = ["source", "provider"]
        verbose_name_plural = "provider currencies"
        constraints = [
            models.UniqueConstraint(
                fields=["source", "provider"], name="currency_once_per_source_and_provider"
            ),
            models.CheckConstraint(name="currency_has_reason", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.provider} in {self.source}: {self.currency}"


class ExchangeRate(models.Model):
    """Units of a currency for 1 EUR on a day. Never changed: triggers refuse UPDATE and DELETE."""

    date = models.DateField()
    currency = models.CharField(max_length=3)
    per_eur = models.DecimalField(max_digits=18, decimal_places=6)
    source = models.CharField(max_length=40)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["-date", "currency"]
        constraints = [
            models.UniqueConstraint(
                fields=["currency", "date", "source"], name="rate_once_per_day_and_source"
            ),
            models.CheckConstraint(name="rate_positive", condition=Q(per_eur__gt=0)),
        ]

    def __str__(self) -> str:
        return f"1 EUR = {self.per_eur} {self.currency} on {self.date} ({self.source})"


class ModelFamily(models.Model):
    """A family of models, found by how its names begin, and whether its weights are open."""

    name = models.CharField(max_length=60, unique=True)
    maker = models.CharField(max_length=60)
    # Space-separated beginnings of normalised names; the longest that fits decides.
    prefixes = models.CharField(max_length=300)
    weights = models.CharField(max_length=7, choices=Offer.Weights.choices)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "model families"

    def __str__(self) -> str:
        return f"{self.name} ({self.weights})"


class EvidenceFile(models.Model):
    """A file that shows where a team's quote comes from: kept by its SHA-256, outside the web root."""

    team_id = models.IntegerField()
    file_name = models.CharField(max_length=200)
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    added_by = models.CharField(max_length=254)
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["-added_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["team_id", "sha256"], name="evidence_once_per_team")
        ]

    def __str__(self) -> str:
        return self.file_name


class QuoteUpload(models.Model):
    """A table of quotes that was uploaded. Nothing of it is a price before somebody confirms it."""

    class State(models.TextChoices):
        """How far it is."""

        DRAFT = "draft", "To be confirmed"
        STORED = "stored", "Stored"
        DISCARDED = "discarded", "Discarded"

    team_id = models.IntegerField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    # [[2, {"provider": "nebius", …}], …]: the number of the row in the file, and its cells as text.
    rows = models.JSONField(default=list)
    evidence = models.CharField(max_length=400, blank=True)
    evidence_file = models.ForeignKey(
        EvidenceFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    added_by = models.CharField(max_length=254)
    added_at = models.DateTimeField()
    decided_by = models.CharField(max_length=254, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-added_at", "-pk"]
        indexes = [models.Index(fields=["team_id", "state"], name="upload_of_team")]
        constraints = [
            models.CheckConstraint(
                name="upload_decided_with_who_and_when",
                condition=(Q(state="draft") & Q(decided_by="") & Q(decided_at__isnull=True))
                | (~Q(state="draft") & ~Q(decided_by="") & Q(decided_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.get_state_display()})"
