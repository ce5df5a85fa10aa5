"""When "auto" searches again, and when a search makes way. Light: web processes ask, too."""

from __future__ import annotations

from datetime import datetime, timedelta

from recommendations.clocks import ago
from recommendations.conf import AUTO, Conf
from recommendations.models import TrainingRun

GROWN = 2.0
"""So many times the feedback of the last search makes another one due."""
AFTER_FAILURE = AFTER_CUT_SHORT = timedelta(hours=1)
Status, Trigger = TrainingRun.Status, TrainingRun.Trigger
NEVER_SEARCH = {Trigger.RATINGS, Trigger.FIRST, Trigger.RETRY}
"""What somebody waits for; they searched only if they were asked to."""


def search_is_due(settings: Conf, *, now: datetime, signals: int = 0) -> bool:
    """Whether "auto" should search: never did, long ago, or for much less feedback than `signals`.

    One that was interrupted is made up for at once, one that was cut short or failed after an hour: in
    between, a shop that a search is too much for is retrained.
    """
    if settings.algorithm != AUTO:
        return False
    last = _last_search()
    if last is None or last.search is None:
        return True
    passed = ago(last.started_at or last.created_at, now=now)
    if last.status == Status.FAILED:
        # An abandoned one is tried again by itself, once.
        gone = last.stage == "abandoned" and last.trigger != Trigger.RETRY
        return gone or last.stage == "interrupted" or passed >= min(AFTER_FAILURE, settings.search_every)
    if last.search.get("cut_short"):
        return passed >= min(AFTER_CUT_SHORT, settings.search_every)
    return passed >= settings.search_every or signals > GROWN * last.search.get("signals", 0)


def searches(run: TrainingRun, settings: Conf, *, signals: int, has_live: bool, now: datetime) -> bool:
    """Whether a training is to search: when asked to, else when that is due and nobody waits for it."""
    if run.algorithm:
        return run.algorithm == AUTO
    patient = run.trigger not in NEVER_SEARCH
    return has_live and patient and search_is_due(settings, now=now, signals=signals)


def may_be_cut_short() -> bool:
    """Whether a search may end early for waiting ratings; not twice in a row, lest a busy shop have none."""
    last = _last_search()
    return last is None or not (last.search or {}).get("cut_short")


def _last_search() -> TrainingRun | None:
    return TrainingRun.objects.filter(search__isnull=False).first()
