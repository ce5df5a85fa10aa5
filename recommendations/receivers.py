"""What follows feedback: perhaps a retraining. Lists need nothing: their cache keys carry its version."""

from django.dispatch import receiver
from django.utils import timezone

from feedback.signals import feedback_recorded
from recommendations import triggers


@receiver(feedback_recorded, dispatch_uid="retrain_after_feedback")
def retrain_after_feedback(*, rated: int, **_: object) -> None:
    if rated:
        triggers.request_if_due(now=timezone.now())
