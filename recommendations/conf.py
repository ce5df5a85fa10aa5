"""The app's settings, as one frozen value; the keys of `settings.RECOMMENDATIONS` are its fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

# How much one signal says about liking a product, from -1 (never show me this) to 1 (I chose this).
RATING_WEIGHTS = {1: -1.0, 2: -0.5, 3: 0.3, 4: 0.7, 5: 1.0}
EVENT_WEIGHTS = {
    "view": 0.2,
    "click": 0.3,
    "basket": 0.4,
    "wishlist": 0.6,
    "purchase": 1.0,
    "dismiss": -1.0,
}
# Days after which a signal counts half, by the shopper's own newest one; what is not named does not age, such
# as a dismissal: no means no. What was tried: benchmarks/signals.md.
HALF_LIFE_DAYS = dict.fromkeys(("view", "click", "basket", "wishlist", "purchase", "rating"), 180.0)


# Not an algorithm's name: the shop's own feedback chooses one.
AUTO = "auto"
LEAST_PRIORITY = 19


@dataclass(frozen=True)
class Conf:
    """Settings of recommending and retraining."""

    algorithm: str
    artefact_root: Path
    retrain_after_ratings: int
    retrain_max_age: timedelta
    retrain_min_interval: timedelta
    abandoned_after: timedelta = timedelta(seconds=30)
    keep_versions: int = 10
    seed: int = 0
    # The niceness of a process that trains: 0 (as it was started) to 19.
    training_nice: int = 10
    holdout_fraction: float = 0.2
    # With the algorithm "auto": how long a search may take, and how long its winner is kept on being trained.
    search_seconds: float = 120.0
    search_every: timedelta = timedelta(days=7)
    # A model of the live one's algorithm and settings is published unless it lost more than this share of its
    # NDCG@10; others have to be better beyond doubt, see gate.decide.
    tolerated_loss: float = 0.2
    rating_weights: Mapping[int, float] = field(default_factory=lambda: RATING_WEIGHTS)
    event_weights: Mapping[str, float] = field(default_factory=lambda: EVENT_WEIGHTS)
    half_life_days: Mapping[str, float] = field(default_factory=lambda: HALF_LIFE_DAYS)
    # Whether bought products may be recommended again (grocers) or never (film shops), and how long after
    # the last purchase. What was dismissed or rated low stays out either way.
    repeat_purchases: bool = False
    repeat_after: timedelta = timedelta(0)
    # How much the first places of a personal list are mixed: what being like a product already shown costs,
    # against being a better match (0: by score alone, below 1), and the most products of one department in
    # every ten places (0: any number). What was tried: benchmarks/lists.md.
    diversity: float = 0.1
    department_cap: int = 8
    varied_places: int = 50
    # The longest list a shopper can page through, and how many best-scored products it is chosen from.
    list_length: int = 200
    candidates: int = 400
    history_events: int = 1000
    # Products the live model has not learned: how many of the newest are scored by their texts, and to how
    # many places of a list one of them may come in by itself.
    newcomers: int = 500
    newcomer_pace: int = 10
    # The share of a personal list that goes to products few have met (0: none): those whose feedback weighs
    # less than `little_seen`, half as likely for every half-life they have been in the shop.
    exploration_share: float = 0.05
    exploration_half_life: timedelta = timedelta(days=14)
    little_seen: float = 5.0
    list_cache_seconds: int = 3600
    trending_cache_seconds: int = 60
    trending_half_life: timedelta = timedelta(days=7)
    trending_rows: int = 5000

    def __post_init__(self) -> None:
        if any(not days > 0 for days in self.half_life_days.values()):
            raise ImproperlyConfigured("half_life_days must be above 0; leave out a kind that does not age.")
        if unknown := sorted(set(self.half_life_days) - {*self.event_weights, "rating"}):
            known = ", ".join(sorted({*self.event_weights, "rating"}))
            raise ImproperlyConfigured(f"half_life_days names {', '.join(unknown)}; there are: {known}.")
        if not 0 <= self.exploration_share <= 0.5:
            raise ImproperlyConfigured("exploration_share must be from 0 (off) to 0.5.")
        if self.newcomer_pace < 1 or self.exploration_half_life <= timedelta(0):
            raise ImproperlyConfigured("newcomer_pace must be 1 or more, exploration_half_life above 0.")
        if not 0 <= self.training_nice <= LEAST_PRIORITY:
            raise ImproperlyConfigured("training_nice must be from 0 (as it was started) to 19.")
        if self.repeat_after < timedelta(0):
            raise ImproperlyConfigured("repeat_after must not be negative.")
        if not 0 <= self.diversity < 1 or self.department_cap < 0 or self.varied_places < 0:
            raise ImproperlyConfigured(
                "diversity must be 0 or more and below 1, department_cap and varied_places 0 or more."
            )

    @cached_property
    def fingerprint(self) -> str:
        """Another one for other settings: what was kept under one is of no use under another."""
        return blake2b(repr(self).encode(), digest_size=6).hexdigest()


_read: tuple[dict[str, Any], Conf] | None = None


def conf() -> Conf:
    """The settings in force; read at every call so that tests and `override_settings` are seen."""
    global _read
    values: dict[str, Any] = settings.RECOMMENDATIONS
    if _read is None or _read[0] != values:
        _read = dict(values), Conf(**values)
    return _read[1]
