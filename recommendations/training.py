"""From the shop's feedback to a new live model: dataset -> search -> gate -> fit -> registry."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from feedback.selectors import rating_changes_after
from recommendations import dataset, registry, runs, schedule
from recommendations.conf import AUTO, Conf, conf
from recommendations.dataset import Dataset
from recommendations.engine.fit import fit_bundle
from recommendations.gate import Verdict, judge
from recommendations.models import ModelVersion, TrainingRun
from recommendations.registry import Facts
from recommendations.search import Candidate, by_search, nearby, without_search

logger = logging.getLogger(__name__)
Status = TrainingRun.Status
Watcher = Callable[[str, int], None]
# Stage -> (first percent, last percent); the two fits take most of the time.
READING, SEARCHING, EVALUATING, FITTING, PUBLISHING = (0, 10), (10, 50), (50, 75), (75, 95), (95, 100)
LOOK_SECONDS = 2.0
"""So often a search looks whether ratings wait."""


class NothingToLearnError(Exception):
    """There is no feedback to fit a model to."""


def unwatched(_stage: str, _percent: int) -> None:
    """The watcher of a run nobody looks at besides the admin."""


def work_on(run_id: int, *, clock: runs.Clock, watch: Watcher = unwatched) -> TrainingRun | None:
    """Claim a queued run and see it through; None when someone else has it. Failures end the run as failed.

    Interrupts (KeyboardInterrupt, SystemExit) are noted on the run and raised again.
    """
    if not runs.claim(run_id, now=clock()):
        return None
    with runs.beating(run_id, clock=clock):
        see_through(run_id, clock=clock, watch=watch)
    return TrainingRun.objects.get(pk=run_id)


def see_through(run_id: int, *, clock: runs.Clock, watch: Watcher = unwatched) -> None:
    """Train for a running run and write down what came of it."""
    try:
        _train(TrainingRun.objects.get(pk=run_id), conf(), _Progress(run_id, clock, watch))
    except runs.RunLostError as lost:
        logger.warning("%s", lost)
    except NothingToLearnError as empty:
        runs.fail(run_id, outcome=str(empty), now=clock())
    except Exception as error:
        logger.exception("training run %d failed", run_id)
        runs.fail(run_id, outcome=f"{type(error).__name__}: {error}", now=clock())
    except BaseException:
        runs.fail(run_id, outcome="Interrupted.", now=clock(), stage="interrupted")
        raise


@dataclass
class _Progress:
    """How far the run is, told to the row and to whoever watches, once for every change."""

    run_id: int
    clock: runs.Clock
    watch: Watcher
    told: tuple[str, int] = field(default=("", -1))

    def __call__(self, stage: str, span: tuple[int, int], share: float = 0.0) -> None:
        now = stage, span[0] + round((span[1] - span[0]) * share)
        if now != self.told:
            self.told = now
            runs.advance(self.run_id, stage=stage, percent=now[1], now=self.clock())
            self.watch(*now)


def _train(run: TrainingRun, settings: Conf, tell: _Progress) -> None:
    data, live = _read(run, settings, tell), registry.live_version()
    searched = schedule.searches(
        run, settings, signals=len(data.signals), has_live=live is not None, now=tell.clock()
    )
    if searched:
        chosen = _search(run, data, live, settings, tell)
        # What came in meanwhile is learned, too, so that nobody waits for the next training.
        data = _read(run, settings, tell, EVALUATING)
    else:
        known = without_search(run.algorithm, live=live, settings=settings)
        chosen = nearby(
            data, known, settings=settings, now=tell.clock(),
            tell=lambda share: tell("adjusting settings", SEARCHING, share),
        )  # fmt: skip
    tell("evaluating", EVALUATING)
    verdict = judge(
        data, chosen.algorithm, chosen.config, live=live, settings=settings, refreshes=chosen.automatic,
        progress=lambda share: tell("evaluating", EVALUATING, share),
    )  # fmt: skip
    if not verdict.publish:
        runs.finish(
            run.pk, status=Status.REJECTED, outcome=verdict.words, now=tell.clock(), alarm=verdict.alarm
        )
        return
    if verdict.keeps_settings:
        chosen = _live_settings_as(chosen, live, settings)
    _note(verdict.metrics, chosen)
    interactions = data.interactions()
    bundle = fit_bundle(
        interactions, chosen.algorithm, chosen.config, seed=settings.seed,
        progress=lambda share: tell("fitting", FITTING, share),
    )  # fmt: skip
    tell("publishing", PUBLISHING)
    # The model and the run's end together: one whose run was lost meanwhile does not go live.
    registry.publish(
        bundle, _facts(data, verdict, settings, len(interactions)), now=tell.clock(),
        finish=lambda version: runs.finish(
            run.pk, status=Status.PUBLISHED, outcome=verdict.words, now=tell.clock(), version=version
        ),
    )  # fmt: skip
    tell.watch("done", 100)


def _read(run: TrainingRun, settings: Conf, tell: _Progress, span: tuple[int, int] = READING) -> Dataset:
    """The feedback as it is now, noted as looked at."""
    tell("reading feedback", span)
    data = dataset.load(settings, now=tell.clock())
    runs.note_watermark(run.pk, data.change_watermark)
    if not len(data.signals) or not len(data.products):
        raise NothingToLearnError("No feedback to learn from yet. Import some, or let shoppers rate.")
    return data


def _search(
    run: TrainingRun, data: Dataset, live: ModelVersion | None, settings: Conf, tell: _Progress
) -> Candidate:
    """The search, noted on the run from its start: should the process die, it is known what it died of."""
    cuttable = schedule.may_be_cut_short()
    looked_at: dict[str, Any] = {"at": tell.clock().isoformat(), "signals": len(data.signals)}
    runs.note_search(run.pk, looked_at)
    found = by_search(
        data, live=live, settings=settings, now=tell.clock(),
        tell=lambda share: tell("searching", SEARCHING, share),
        hurry=_Ratings(data.change_watermark, settings.retrain_after_ratings) if cuttable else lambda: False,
    )  # fmt: skip
    runs.note_search(run.pk, looked_at | (found.chosen_by or {}))
    return found


class _Ratings:
    """Whether enough ratings for a training have come since the data was read; looked up now and then."""

    def __init__(self, watermark: int, enough: int) -> None:
        self._watermark = watermark
        self._enough = enough
        self._next = 0.0

    def __call__(self) -> bool:
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + LOOK_SECONDS
        return rating_changes_after(self._watermark) >= self._enough


def _live_settings_as(chosen: Candidate, live: ModelVersion | None, settings: Conf) -> Candidate:
    """The live version's settings as the candidate, told by the search that was just made, if any."""
    kept = without_search(AUTO, live=live, settings=settings)
    if not chosen.searched:
        return kept
    # A search has now looked at them: they are no longer provisional.
    return replace(kept, chosen_by=chosen.chosen_by, searched=True, provisional=False)


def _note(metrics: dict[str, Any], chosen: Candidate) -> None:
    """What the version's row says of how it was chosen."""
    if chosen.chosen_by:
        metrics["chosen_by"] = chosen.chosen_by
    if chosen.provisional:
        metrics["provisional"] = True


def _facts(data: Dataset, verdict: Verdict, settings: Conf, interactions: int) -> Facts:
    return Facts(
        seed=settings.seed,
        data_watermark=data.watermark,
        change_watermark=data.change_watermark,
        metrics=verdict.metrics,
        shopper_count=len(data.shoppers),
        product_count=len(data.products),
        interaction_count=interactions,
    )
