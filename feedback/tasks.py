"""Celery's doors to the feedback; safe to run twice, and two at a time."""

from celery import shared_task
from django.utils import timezone

from feedback import outbox, purchases
from feedback.models import BeatRound

ROUND = "feedback"


@shared_task(name="feedback.catch_up")
def catch_up() -> None:
    """The beat's round: whatever a process left behind that died right after a commit."""
    now = timezone.now()
    purchases.record_left_behind(now=now)
    outbox.catch_up(now=now)
    BeatRound.objects.update_or_create(name=ROUND, defaults={"came_at": now})
