"""Celery's door to the catalogue; safe to run twice, and two at a time."""

from celery import shared_task

from catalog import migrating


@shared_task(name="catalog.put_triggers_back")
def put_triggers_back() -> None:
    """The beat's round: what a killed `migrate` took away."""
    migrating.catch_up()
