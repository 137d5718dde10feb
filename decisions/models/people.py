"""Who are the people, and which teams are they in?"""

from datetime import date, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q


class UserManager(BaseUserManager["User"]):
    """Makes people who sign in by e-mail."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Return a new person; the address is kept in lower case, so it is one person's once."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Return a new administrator of the organisation."""
        return self.create_user(email, password, is_administrator=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find a person by e-mail, whatever the case it is typed in."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person. Team roles are memberships; two roles are held for the whole organisation."""

    email = models.EmailField(unique=True, error_messages={"unique": "This address is taken."})
    name = models.CharField(max_length=120, blank=True)
    time_zone = models.CharField(max_length=60, default="UTC")
    is_active = models.BooleanField(default=True)
    is_auditor = models.BooleanField(default=False)
    is_administrator = models.BooleanField(default=False)
    is_demo = models.BooleanField(default=False)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.CheckConstraint(
                # An auditor changes nothing, so cannot also administer.
                name="user_auditor_changes_nothing",
                condition=~Q(is_auditor=True, is_administrator=True),
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        """Return the name to print beside a signature."""
        return f"{self.name} <{self.email}>" if self.name else self.email

    def today(self, at: datetime) -> date:
        """Return which day a moment is for this person; the UTC day when their zone is unknown."""
        try:
            zone = ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            zone = ZoneInfo("UTC")
        return at.astimezone(zone).date()


class Team(models.Model):
    """A group of people who own decisions together."""

    name = models.CharField(max_length=120, unique=True)
    currency = models.CharField(max_length=3, default="EUR")
    loaded_cost_per_fte_year = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True
    )
    # How many approvers sign a review, and whether each ticks what changed before signing.
    approvals_needed = models.PositiveSmallIntegerField(default=1)
    read_before_sign = models.BooleanField(default=False)
    members = models.ManyToManyField(User, through="Membership", related_name="teams")
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="team_people_cost_positive",
                condition=Q(loaded_cost_per_fte_year__isnull=True)
                | Q(loaded_cost_per_fte_year__gt=0),
            ),
            models.CheckConstraint(
                name="team_approvals_in_range",
                condition=Q(approvals_needed__gte=1, approvals_needed__lte=9),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """What a person may do in a team."""

    class Role(models.TextChoices):
        """What a member may do."""

        MANAGER = "manager", "Manager: fills in and submits"
        APPROVER = "approver", "Approver: fills in and signs what others submitted"
        VIEWER = "viewer", "Viewer: reads"

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)

    class Meta:
        ordering = ["team", "user__email"]
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="membership_once_per_team")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team} ({self.role})"


class Delegation(models.Model):
    """An approver lets another member of the team sign for them, from a day to a day, both included.

    The days are the approver's own, in their time zone.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="delegations")
    approver = models.ForeignKey(User, on_delete=models.CASCADE, related_name="delegations_given")
    delegate = models.ForeignKey(User, on_delete=models.CASCADE, related_name="delegations_held")
    from_on = models.DateField()
    until_on = models.DateField()
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["from_on", "pk"]
        constraints = [
            models.CheckConstraint(
                name="delegation_ends_after_it_begins", condition=Q(until_on__gte=F("from_on"))
            ),
            models.CheckConstraint(
                name="delegation_to_another", condition=~Q(approver=F("delegate"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delegate} for {self.approver}, {self.from_on} to {self.until_on}"

    def holds(self, at: datetime) -> bool:
        """Return whether the delegate may sign at this moment."""
        return self.ended_at is None and self.from_on <= self.approver.today(at) <= self.until_on


class ApiToken(models.Model):
    """A key with which a person's programs ask. Only its SHA-256 is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="token_name_once_per_person")
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"
