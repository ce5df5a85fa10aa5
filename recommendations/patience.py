"""How long no rating needs to ask whether a retraining is due: known by the numbers of the rating changes.

Counting what came since the last training for every rating would cost more than the rating. But whoever has
counted k of the n changes that are needed knows that none of the next n - k can be the one: changes are
numbered in order, by all processes together, so each process finds out by itself and asks nobody.

The slack: changes that were being written while somebody counted are not among the counted, so a retraining
may be noticed by as many ratings late; and what else may have become due (by time, or because somebody
changed the runs) is looked at every `LOOK_AGAIN`, as the beat does every 20 seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from recommendations.conf import Conf

LOOK_AGAIN = timedelta(seconds=10)
# While a training is at work: it ends when it ends.
LOOK_SOON = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Patience:
    """By these settings none is due from `since` until `until`, except by a change from number `change` on.

    change: None when no number of ratings makes one due before `until`.
    """

    settings: Conf
    since: datetime
    until: datetime
    change: int | None


_held: Patience | None = None


def holds(settings: Conf, *, last_change: int, now: datetime) -> bool:
    """Whether none can be due for this rating change. No query."""
    held = _held
    # A clock that was put back ends it, too.
    return (
        held is not None
        and held.settings is settings
        and held.since <= now < held.until
        and (held.change is None or last_change < held.change)
    )


def begin(settings: Conf, *, last_change: int, missing: int | None, pause: timedelta, now: datetime) -> None:
    """None was due at the change `last_change`.

    missing: how many more changes make one due; None when none do within the pause. pause: for how long this
    is known, at most `LOOK_AGAIN`.
    """
    global _held
    change = None if missing is None else last_change + missing
    _held = Patience(settings, now, now + min(pause, LOOK_AGAIN), change)


def end() -> None:
    """Know nothing, as a new process."""
    global _held
    _held = None
