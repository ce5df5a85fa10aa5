"""What follows feedback: perhaps a retraining. Lists need nothing: their cache keys carry its version."""

from collections.abc import Iterable

from django.core.cache import cache
from django.dispatch import receiver
from django.utils import timezone

from feedback.signals import feedback_recorded, shoppers_forgotten
from recommendations import triggers


@receiver(feedback_recorded, dispatch_uid="retrain_after_feedback")
def retrain_after_feedback(*, rated: int, **_: object) -> None:
    if rated:
        triggers.request_if_due(now=timezone.now())


@receiver(shoppers_forgotten, dispatch_uid="drop_lists_of_the_forgotten")
def drop_lists_of_the_forgotten(*, shopper_ids: Iterable[int], **_: object) -> None:
    """Delete what is cached of them now, not when it runs out. Redis finds keys by pattern; others wait."""
    delete_matching = getattr(cache, "delete_matching", None)
    if delete_matching is not None:
        for pk in shopper_ids:
            for kind in ("candidates", "home-rows"):
                delete_matching(f"{kind}:{pk}:*")
