"""What does a notice say, in which words, and does it still hold?"""

from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from decisions.channels import Message
from decisions.models import Decision, Delivery, Reminder, Review

# All but signed and whatever else ends a review.
STILL_DUE = (
    Review.State.SCHEDULED,
    Review.State.OPEN,
    Review.State.SUBMITTED,
    Review.State.RETURNED,
    Review.State.WITHDRAWN,
)


def no_longer(delivery: Delivery) -> str:
    """Return why the notice need not be sent any more; empty when it holds."""
    if delivery.person is not None and not delivery.person.is_active:
        return "The person's account was closed."
    if delivery.review is not None:
        # The newest state: between asking and sending lie seconds, or a day without a mail server.
        review = Review.objects.select_related("decision").get(pk=delivery.review.pk)
        if review.state not in STILL_DUE:
            return f"The review was {review.get_state_display().lower()} before this was sent."
        if review.decision.archived_at is not None:
            return "The decision was archived before this was sent."
    if delivery.comment is not None and delivery.person is not None:
        team = delivery.comment.review.decision.team
        if not team.members.filter(pk=delivery.person.pk).exists():
            return f"The person left {team} before this was sent."
    if delivery.flag is not None and delivery.flag.closed_at is not None:
        return "What the flag says was over before this was sent."
    return ""


def message(delivery: Delivery) -> Message:
    """Return what is sent, in text and HTML."""
    name, about = _template(delivery)
    link = settings.SITE_URL.rstrip("/") + about["link"]
    context = {
        **about,
        "link": link,
        "person": delivery.person,
        "delivery": delivery,
        "settings_link": settings.SITE_URL.rstrip("/") + reverse("profile-notices"),
    }
    return Message(
        id=delivery.message_id,
        kind=delivery.kind,
        subject=delivery.subject,
        text=render_to_string(f"emails/{name}.txt", context),
        html=render_to_string(f"emails/{name}.html", context),
        link=link,
        facts=_facts(delivery),
    )


def _template(delivery: Delivery) -> tuple[str, dict[str, Any]]:
    if delivery.review is not None:
        return "reminder", _of_review(delivery, delivery.review)
    if delivery.flag is not None:
        decision = delivery.flag.decision
        return "flag", {
            "flag": delivery.flag,
            "decision": decision,
            "link": reverse("decision-detail", args=[decision.pk]),
        }
    if delivery.comment is not None:
        review = delivery.comment.review
        return "mention", {
            "comment": delivery.comment,
            "review": review,
            "decision": review.decision,
            "link": reverse("review-detail", args=[review.pk]),
        }
    return "test", {"link": reverse("profile-notices")}


def _of_review(delivery: Delivery, review: Review) -> dict[str, Any]:
    reminder = Reminder.objects.filter(
        review=review, step=delivery.step, person=delivery.person
    ).first()
    overdue = max(0, (delivery.created_at.date() - review.due_on).days)
    return {
        "review": review,
        "decision": review.decision,
        "waiting_for_signature": review.state == Review.State.SUBMITTED,
        "days_overdue": overdue,
        "escalated_to": reminder.get_role_display()
        if reminder and reminder.role in {Reminder.Role.APPROVES, Reminder.Role.ADMINISTERS}
        else "",
        "on_behalf_of": reminder.on_behalf_of if reminder else "",
        "is_copy": delivery.kind == Delivery.Kind.AWAY,
        "stands_for": [step_in_words(step) for step in _skipped_for(delivery)],
        "link": reverse("review-detail", args=[review.pk]),
    }


def _skipped_for(delivery: Delivery) -> list[str]:
    """Return the steps that this notice stands for because they became due together with it."""
    skipped = Delivery.objects.filter(
        review=delivery.review,
        person=delivery.person,
        address=delivery.address,
        created_at=delivery.created_at,
        job=None,
    ).exclude(pk=delivery.pk)
    return list(skipped.order_by("pk").values_list("step", flat=True))


def step_in_words(step: str) -> str:
    """Return when a step is, for people.

    >>> step_in_words("-1"), step_in_words("0"), step_in_words("+14"), step_in_words("snoozed 2027-01-02")
    ('1 day before', 'on the due date', '14 days after', 'at the end of the snooze')
    """
    if not step[1:].isdecimal():
        return "on the due date" if step == "0" else "at the end of the snooze"
    days = int(step[1:])
    when = "before" if step[0] == "-" else "after"
    return f"{days} {'day' if days == 1 else 'days'} {when}"


def _facts(delivery: Delivery) -> dict[str, str]:
    """Return what a program that gets a webhook sorts by."""
    decision: Decision | None = decision_of(delivery)
    facts = {"decision": decision.name, "team": decision.team.name} if decision else {}
    if delivery.review is not None:
        facts |= {
            "period": delivery.review.period,
            "due_on": delivery.review.due_on.isoformat(),
            "step": delivery.step,
            "state": delivery.review.state,
        }
    if delivery.flag is not None:
        facts |= {"flag": delivery.flag.kind, "says": delivery.flag.says}
    if delivery.comment is not None:
        facts |= {
            "period": delivery.comment.review.period,
            "author": delivery.comment.author_name,
            "says": delivery.comment.text,
        }
    return facts


def decision_of(delivery: Delivery) -> Decision | None:
    """Return the decision that the notice is about; None for a test message."""
    said_on = delivery.comment.review if delivery.comment else None
    about = delivery.review or delivery.flag or said_on
    return about.decision if about else None
