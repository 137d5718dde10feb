"""What should people be told, and what has been told already?"""

from django.db import models
from django.db.models import Q

from decisions.models.decisions import Decision
from decisions.models.people import Team, User
from decisions.models.reviews import Comment, Review
from jobs.models import Job


class Flag(models.Model):
    """A decision that may no longer be right. Open once per decision and kind."""

    class Kind(models.TextChoices):
        """Why a decision should be looked at again."""

        CROSSED = "crossed", "Crossed a break-even"
        PRICE_GONE = "price_gone", "A price was withdrawn"
        PRICE_ENDS = "price_ends", "A price ends soon"
        OVERDUE = "overdue", "Review overdue"
        VOLUME = "volume", "The volume moved"
        NEW_MODEL = "new_model", "New model in a watched family"
        STAFFING = "staffing", "Staffing changed"
        COMPLIANCE = "compliance", "Compliance changed"

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="flags")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    says = models.TextField()
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by_name = models.CharField(max_length=400, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)
    # When its notices were asked for. Whoever opens a flag, the clock finds it by this.
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["decision", "kind"],
                name="flag_open_once",
                condition=Q(closed_at__isnull=True),
            ),
            models.CheckConstraint(
                name="flag_acknowledged_with_who_when_why",
                condition=(Q(acknowledged_at__isnull=True) & Q(acknowledged_by_name=""))
                | (Q(acknowledged_at__isnull=False) & ~Q(acknowledged_by_name="") & ~Q(reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.decision}"

    @property
    def page(self) -> str:
        """The name of the decision's page on which to look at it."""
        pages = {
            self.Kind.VOLUME: "decision-workload",
            self.Kind.NEW_MODEL: "decision-options",
            self.Kind.STAFFING: "decision-options",
            self.Kind.COMPLIANCE: "decision-checklist",
            self.Kind.PRICE_GONE: "decision-options",
            self.Kind.PRICE_ENDS: "decision-options",
        }
        return pages.get(self.Kind(self.kind), "decision-compare")


class Reminder(models.Model):
    """One step of a review of which one person was reminded, or would have been but for a snooze."""

    class Role(models.TextChoices):
        """Why this person is reminded."""

        PREPARES = "prepares"
        SIGNS = "signs"
        STANDS_IN = "stands_in", "delegate of an approver"
        APPROVES = "approves", "approver of the team"
        ADMINISTERS = "administers", "administrator"

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="reminders")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="reminders")
    step = models.CharField(max_length=20)
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.PREPARES)
    # For a delegate: the approvers who let them sign.
    on_behalf_of = models.CharField(max_length=400, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["review", "step", "person"], name="reminder_once_per_step_and_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.step} to {self.person}"


class Snooze(models.Model):
    """One person's wish not to be reminded of a review until a day, with the reason."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="snoozes")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="snoozes")
    until = models.DateField()
    reason = models.TextField()
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(name="snooze_has_reason", condition=~Q(reason="")),
            models.UniqueConstraint(
                fields=["review", "person"],
                name="snooze_one_at_a_time",
                condition=Q(ended_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.review} until {self.until} by {self.person}"


class Address(models.Model):
    """Where a person or a team gets notices beside e-mail. The address itself is encrypted."""

    class Service(models.TextChoices):
        """What listens there."""

        SLACK = "slack", "Slack"
        TEAMS = "teams", "Microsoft Teams"
        MATTERMOST = "mattermost", "Mattermost"
        WEBHOOK = "webhook", "Webhook, signed"

    person = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, blank=True, related_name="addresses"
    )
    team = models.ForeignKey(
        Team, on_delete=models.CASCADE, null=True, blank=True, related_name="addresses"
    )
    service = models.CharField(max_length=12, choices=Service.choices)
    name = models.CharField(max_length=80)
    sealed_url = models.TextField()
    sealed_secret = models.TextField(blank=True)
    # All of the address that is ever shown again.
    shown = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    created_by_name = models.CharField(max_length=400)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                name="address_of_a_person_or_a_team",
                condition=Q(person__isnull=False, team__isnull=True)
                | Q(person__isnull=True, team__isnull=False),
            ),
            models.UniqueConstraint(fields=["person", "name"], name="address_name_once_per_person"),
            models.UniqueConstraint(fields=["team", "name"], name="address_name_once_per_team"),
        ]

    def __str__(self) -> str:
        return f"{self.get_service_display()} “{self.name}”"


class Delivery(models.Model):
    """One notice on its way over one channel. `key` names notice, recipient and channel: asked once.

    How far it is stands in its job; only what has to outlive the job is kept here.
    """

    class Kind(models.TextChoices):
        """What a notice is about; each person says which of them they want over which channel."""

        SOON = "soon", "A review is due soon: 14, 7 and 1 days before"
        DUE = "due", "A review is due or overdue: on the day and every 7 days after"
        AWAY = "away", "A review of which a delegate is reminded in my place"
        MENTION = "mention", "A comment calls me by @name"
        FLAG = "flag", "A decision is flagged: prices crossed, ended or withdrawn"
        TEST = "test", "A test message"

    class State(models.TextChoices):
        """Where a notice stands."""

        WAITING = "waiting"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"
        DROPPED = "dropped"

    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    review = models.ForeignKey(
        Review, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries"
    )
    step = models.CharField(max_length=20, blank=True)
    flag = models.ForeignKey(
        Flag, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries"
    )
    comment = models.ForeignKey(
        Comment, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries"
    )
    team = models.ForeignKey(
        Team, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries"
    )
    person = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries"
    )
    # None: by e-mail to the person.
    address = models.ForeignKey(
        Address, on_delete=models.SET_NULL, null=True, blank=True, related_name="deliveries"
    )
    channel = models.CharField(max_length=120)
    subject = models.CharField(max_length=300)
    message_id = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    dropped_because = models.CharField(max_length=300, blank=True)
    job = models.OneToOneField(
        Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="delivery"
    )

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name_plural = "deliveries"
        indexes = [models.Index(fields=["-created_at", "-id"], name="delivery_newest")]

    def __str__(self) -> str:
        return f"{self.subject} ({self.channel})"

    @property
    def state(self) -> "Delivery.State":
        """Where the notice stands, read from its job as long as it is on its way."""
        if self.sent_at is not None:
            return self.State.SENT
        if self.dropped_because:
            return self.State.DROPPED
        if self.job is None or self.job.state == Job.State.FAILED:
            return self.State.FAILED
        return self.State.SENDING if self.job.state == Job.State.RUNNING else self.State.WAITING


class Muted(models.Model):
    """A kind of notice that a person does not want over a channel. No row: they want it."""

    class Channel(models.TextChoices):
        """By what a notice comes."""

        EMAIL = "email", "E-mail"
        CHAT = "chat", "My other addresses"

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="muted")
    kind = models.CharField(max_length=10, choices=Delivery.Kind.choices)
    channel = models.CharField(max_length=10, choices=Channel.choices)

    class Meta:
        verbose_name_plural = "muted"
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind", "channel"], name="muted_once_per_kind_and_channel"
            ),
            models.CheckConstraint(
                # Who prepares or signs cannot miss that a review is due; a snooze quiets it for a while.
                name="muted_never_due_by_email",
                condition=~Q(kind="due", channel="email"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: no {self.kind} by {self.channel}"


class FeedToken(models.Model):
    """A calendar address of a person: for all their reviews, or for one team's. Only its SHA-256."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="feed_tokens")
    team = models.ForeignKey(
        Team, on_delete=models.CASCADE, null=True, blank=True, related_name="feed_tokens"
    )
    sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"Calendar of {self.team or self.user}"
