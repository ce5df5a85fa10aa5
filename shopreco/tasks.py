"""Celery's door to what is of no app in particular."""

from celery import shared_task
from django.core.management import call_command


@shared_task(name="shopreco.clear_sessions")
def clear_sessions() -> None:
    """Sessions that have run out are of no use to anyone."""
    call_command("clearsessions")
