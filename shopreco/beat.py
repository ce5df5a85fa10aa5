"""The beat's scheduler: Celery's own, which a clock that is put back does not stop."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery.beat import PersistentScheduler
from celery.utils.time import maybe_make_aware

# Above what the clock of a machine is corrected by every day, below what anybody would miss.
TOLERATED = timedelta(minutes=1)


class SteadyScheduler(PersistentScheduler):
    """Left alone, nothing is sent until the clock is again where it was at the last round, restarts or not:
    what was last done at a moment that has not come yet counts as done now."""

    def tick(self, *args: Any, **options: Any) -> Any:
        now = self.app.now()
        ahead = [entry for entry in self.schedule.values() if _last_run(entry) > now + TOLERATED]
        for entry in ahead:
            entry.last_run_at = now
        if ahead:
            # Times to come are by the clock of before, too.
            self._heap = None
        return super().tick(*args, **options)


def _last_run(entry: Any) -> Any:
    return maybe_make_aware(entry.last_run_at or entry.default_now())
