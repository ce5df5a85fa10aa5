"""Celery's doors to the feedback; safe to run twice."""

from celery import shared_task
from django.utils import timezone

from feedback import purchases


@shared_task(name="feedback.record_orders_left_behind")
def record_orders_left_behind() -> None:
    """The beat's round."""
    purchases.record_left_behind(now=timezone.now())
