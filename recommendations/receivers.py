"""What follows feedback: perhaps a retraining. Lists need nothing: their cache keys carry its version."""

from collections.abc import Iterable

from django.core.cache import cache
from django.dispatch import receiver
from django.utils import timezone

from feedback.signals import feedback_recorded, shoppers_forgotten
from recommendations import triggers

# What the keys of cached lists begin with; the shopper's number comes next.
LISTS = ("lists", "home-rows")
FEW = 20


@receiver(feedback_recorded, dispatch_uid="retrain_after_feedback")
def retrain_after_feedback(*, last_change: int | None, **_: object) -> None:
    if last_change is not None:
        triggers.request_after_ratings(last_change=last_change, now=timezone.now())


@receiver(shoppers_forgotten, dispatch_uid="drop_lists_of_the_forgotten")
def drop_lists_of_the_forgotten(*, shopper_ids: Iterable[int], **_: object) -> None:
    """Delete what is cached of them now, not when it runs out. Redis finds keys by pattern; others wait.

    Raises what Redis raises: the outbox then tells of them again.
    """
    delete_matching = getattr(cache, "delete_matching", None)
    if delete_matching is None:
        return
    ids = list(shopper_ids)
    # Every pattern goes through all keys: of many shoppers at once everybody's lists go, to be made again.
    owners = ids if len(ids) <= FEW else [""]
    for kind in LISTS:
        for owner in owners:
            delete_matching(f"{kind}:{owner}:*" if owner else f"{kind}:*")
