"""The composition root: settings, URLs, the Celery app. It may import every app; no app imports it."""

from shopreco.celery import app as celery_app

__all__ = ["celery_app"]
