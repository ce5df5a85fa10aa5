"""Celery's doors to the training; safe to run twice, since a run is claimed before it is worked on."""

from celery import shared_task
from django.utils import timezone

from recommendations import training, triggers
from recommendations.conf import conf
from recommendations.priority import give_way


@shared_task(name="recommendations.train")
def train(run_id: int) -> None:
    """Work on a queued run; nothing when someone else has it. The worker stays at the lower priority."""
    give_way(conf().training_nice)
    training.work_on(run_id, clock=timezone.now)


@shared_task(name="recommendations.retrain_if_due")
def retrain_if_due() -> None:
    """The beat's round."""
    triggers.catch_up(now=timezone.now())
