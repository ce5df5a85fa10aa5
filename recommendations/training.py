"""From the shop's feedback to a new live model: dataset -> fit -> evaluate -> gate -> registry."""

from __future__ import annotations

import logging
from collections.abc import Callable

from recommendations import dataset, registry, runs
from recommendations.conf import Conf, conf
from recommendations.dataset import Dataset
from recommendations.engine.fit import fit_bundle
from recommendations.gate import Verdict, judge
from recommendations.models import TrainingRun
from recommendations.registry import Facts
from recommendations.search import candidate

logger = logging.getLogger(__name__)
Status = TrainingRun.Status
Watcher = Callable[[str, int], None]
# Stage -> (first percent, last percent); the two fits take most of the time.
READING, SEARCHING, EVALUATING, FITTING, PUBLISHING = (0, 10), (10, 50), (50, 75), (75, 95), (95, 100)


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
        _train(TrainingRun.objects.get(pk=run_id), conf(), clock=clock, watch=watch)
    except runs.RunLostError as lost:
        logger.warning("%s", lost)
    except NothingToLearnError as empty:
        runs.fail(run_id, outcome=str(empty), now=clock())
    except Exception as error:
        logger.exception("training run %d failed", run_id)
        runs.fail(run_id, outcome=f"{type(error).__name__}: {error}", now=clock())
    except BaseException:
        runs.fail(run_id, outcome="Interrupted.", now=clock())
        raise


def _train(run: TrainingRun, settings: Conf, *, clock: runs.Clock, watch: Watcher) -> None:
    def tell(stage: str, span: tuple[int, int], share: float = 0.0) -> None:
        percent = span[0] + round((span[1] - span[0]) * share)
        runs.advance(run.pk, stage=stage, percent=percent, now=clock())
        watch(stage, percent)

    tell("reading feedback", READING)
    data = dataset.load(settings, now=clock())
    runs.note_watermark(run.pk, data.change_watermark)
    if not len(data.signals) or not len(data.products):
        raise NothingToLearnError("No feedback to learn from yet. Import some, or let shoppers rate.")
    live = registry.live_version()
    chosen = candidate(
        data, run.algorithm, live=live, settings=settings, now=clock(),
        tell=lambda share: tell("searching", SEARCHING, share),
    )  # fmt: skip
    tell("evaluating", EVALUATING)
    verdict = judge(
        data, chosen.algorithm, chosen.config, live=live, settings=settings,
        progress=lambda share: tell("evaluating", EVALUATING, share),
    )  # fmt: skip
    if chosen.chosen_by:
        verdict.metrics["chosen_by"] = chosen.chosen_by
    if not verdict.publish:
        runs.finish(run.pk, status=Status.REJECTED, outcome=verdict.words, now=clock(), alarm=verdict.alarm)
        return
    interactions = data.interactions()
    bundle = fit_bundle(
        interactions, chosen.algorithm, chosen.config, seed=settings.seed,
        progress=lambda share: tell("fitting", FITTING, share),
    )  # fmt: skip
    tell("publishing", PUBLISHING)
    version = registry.publish(bundle, _facts(data, verdict, settings, len(interactions)), now=clock())
    runs.finish(run.pk, status=Status.PUBLISHED, outcome=verdict.words, now=clock(), version=version)
    watch("done", 100)


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
