"""The Celery app and its beat schedule, in one place."""

from celery import Celery
from celery.schedules import crontab

from shopreco.settings import name_settings

# Before there is an app, which looks for Django's settings when it is made.
name_settings()

app = Celery("shopreco")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_scheduler = "shopreco.beat:SteadyScheduler"
app.conf.beat_schedule = {
    # Catches up whatever a rating could not start: broker down, process killed, model grown old.
    "retrain-if-due": {
        "task": "recommendations.retrain_if_due",
        "schedule": 20.0,
        "options": {"expires": 15},
    },
    # A process that died between a commit and what follows it: an order's purchases, the outbox. Tells, too,
    # that beat and worker are there.
    "catch-up-feedback": {
        "task": "feedback.catch_up",
        "schedule": 20.0,
        "options": {"expires": 15},
    },
    # What a killed `migrate` took away: without the triggers no change of the shop is seen.
    "put-triggers-back": {
        "task": "catalog.put_triggers_back",
        "schedule": 20.0,
        "options": {"expires": 15},
    },
    "clear-sessions": {
        "task": "shopreco.clear_sessions",
        "schedule": crontab(hour=4, minute=17),
        "options": {"expires": 3600},
    },
}
