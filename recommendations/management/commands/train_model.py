"""Train, judge and publish a model now, in this process, with a bar."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from recommendations import runs, training
from recommendations.conf import AUTO, conf
from recommendations.engine.algorithms.catalogue import ALGORITHMS
from recommendations.gate import BASELINES
from recommendations.models import TrainingRun
from recommendations.priority import give_way

Status = TrainingRun.Status
FIGURES = ("ndcg", "recall", "hit_rate", "mrr", "coverage", "rmse", "mae")


class Command(BaseCommand):
    help = "Fit a model to the shop's feedback, measure it beside the baselines and publish it if it passes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--algorithm",
            choices=[AUTO, *sorted(ALGORITHMS)],
            default="",
            help="Default: the RECOMMENDATION_ALGORITHM setting.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        give_way(conf().training_nice)
        runs.reap(now=now, abandoned_after=conf().abandoned_after)
        run = runs.open_run(trigger=TrainingRun.Trigger.COMMAND, now=now, algorithm=options["algorithm"])
        if run is None:
            raise CommandError(_busy())
        try:
            done = self._train(run)
        except KeyboardInterrupt:
            raise CommandError("Interrupted. The live model is what it was.", returncode=130) from None
        if done is None:
            raise CommandError("A worker was faster and is training already; see the admin for its progress.")
        if done.status == Status.FAILED:
            raise CommandError(done.outcome)
        self.stdout.write(f"{done.get_status_display().capitalize()}: {done.outcome}")
        if done.version is not None:
            self.stdout.write(_table(done.version.metrics))

    def _train(self, run: TrainingRun) -> TrainingRun | None:
        with tqdm(
            total=100, unit="%", bar_format="{desc:<18} {bar} {n_fmt:>3} %", leave=False, disable=None
        ) as bar:

            def watch(stage: str, percent: int) -> None:
                bar.set_description_str(stage, refresh=False)
                bar.update(percent - bar.n)

            return training.work_on(run.pk, clock=timezone.now, watch=watch)


def _busy() -> str:
    active = TrainingRun.objects.filter(status__in=TrainingRun.ACTIVE).first()
    if active is None:
        return "Another training has just ended; try again."
    return f"Training {active.pk} is {active.stage} ({active.percent} %) already; wait for it to end."


def _table(metrics: dict[str, Any]) -> str:
    """A row per model, a column per figure; in an order of their own, as a database keeps none in JSON."""
    baselines = metrics.get("baselines") or {}
    rows = {metrics.get("algorithm", "candidate"): metrics.get("candidate") or {}}
    if live := metrics.get("live"):
        rows["live before"] = live
    rows |= {name: baselines[name] for name in BASELINES if name in baselines}
    names = sorted(next(iter(rows.values())), key=_place)
    lines = ["".join([f"{'':<14}", *(f"{name:>14}" for name in names)])]
    for algorithm, figures in rows.items():
        lines.append(f"{algorithm:<14}" + "".join(f"{_shown(figures.get(name)):>14}" for name in names))
    return "\n".join(lines)


def _place(figure: str) -> int:
    """Where a figure's column stands; those this command does not know come last."""
    name = figure.partition("@")[0]
    return FIGURES.index(name) if name in FIGURES else len(FIGURES)


def _shown(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.4f}"
