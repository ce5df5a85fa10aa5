"""Rankings measured: algorithms chosen and compared on files or on the shop's own feedback."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser, BooleanOptionalAction
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from recommendations import dataset
from recommendations.conf import RATING_WEIGHTS, conf
from recommendations.engine.algorithms.catalogue import algorithm_named
from recommendations.engine.evaluation.cuts import Feedback
from recommendations.model_table.files import NotFeedbackError, read_feedback, unordered, with_numbers
from recommendations.model_table.table import ALL, AUTO, Json, NothingToMeasureError, Request, table_of
from recommendations.model_table.task import (
    SPLITS,
    Task,
    inner_cut,
    inner_cut_of_files,
    liked_by_stars,
    of_shop,
    parse_split,
    task_of,
    task_of_events,
    validation_named,
)

SHOP_SPLIT = "time:0.2"
SHOWN = ("recall", "ndcg", "map", "mrr", "hit_rate", "coverage", "novelty", "diversity", "popularity_bias")


class Command(BaseCommand):
    help = "Rank products by one or all algorithms and measure the lists; `auto` finds the best one first."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        files = parser.add_argument_group("data: csv or csv.gz, or neither for the shop's own feedback")
        files.add_argument("--train", type=Path, help="user,item[,rating][,timestamp or position]")
        files.add_argument("--test", type=Path, help="the same; with --train")
        files.add_argument("--events", type=Path, help="the same, to be cut by --split")
        parser.add_argument("--split", help=f"{SPLITS}. Default for the shop: {SHOP_SPLIT}.")
        parser.add_argument(
            "--validation", choices=["time", "last", "basket", "random"],
            help="How the training data is cut for choosing. Default: as the test part was.",
        )  # fmt: skip
        parser.add_argument(
            "--relevant", choices=["all", "liked"], default="all",
            help="With rating columns: whether every row counts alike, or by its stars. Default: all.",
        )  # fmt: skip
        parser.add_argument(
            "--repeats", action=BooleanOptionalAction,
            help="Whether products the shopper has are ranked, too, and coming back to one counts. Default: "
            "for the shop as its setting REPEAT_PURCHASES says, for files not.",
        )  # fmt: skip
        parser.add_argument("--algorithms", default=AUTO, help=f"{AUTO}, {ALL} or names: ease,item_knn")
        parser.add_argument("--k", default="10,20", help="Lengths of the lists; the longest one decides.")
        parser.add_argument("--json", type=Path, help="Where to write the table with all figures.")
        parser.add_argument("--budget", type=float, default=600.0, help="Seconds for everything.")
        parser.add_argument("--seed", type=int, default=0)

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.perf_counter()
        request = _request(options)
        out: Path | None = options["json"]
        if out is not None and not out.parent.is_dir():
            raise CommandError(f"--json: there is no folder {out.parent}.")
        try:
            task = _task(options)
            request = _within(request, time.perf_counter() - started)
            table = self._table(task, request)
        except (NotFeedbackError, NothingToMeasureError, ValueError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted.", returncode=130) from None
        if out is not None:
            out.write_text(json.dumps(table, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        self._show(table, request)

    def _table(self, task: Task, request: Request) -> Json:
        with tqdm(
            total=100, bar_format="{desc:<28} {bar} {n:3.0f} % {elapsed}", leave=False, disable=None
        ) as bar:

            def tell(stage: str, share: float) -> None:
                bar.set_description_str(stage, refresh=False)
                bar.n = round(100 * share)
                bar.update(0)

            return table_of(task, request, now=time.perf_counter, tell=tell)

    def _show(self, table: Json, request: Request) -> None:
        protocol = table["protocol"]
        self.stdout.write(
            f"{protocol['split']}; {protocol['train_rows']} rows to learn from, {protocol['products']} "
            f"products, {protocol['test_shoppers']} shoppers asked; chosen on {protocol['chosen_on']}"
        )
        for k in request.ks:
            names = [f"{name}@{k}" for name in SHOWN]
            self.stdout.write(f"{'':<16}" + "".join(f"{name:>20}" for name in names))
            for result in table["results"]:
                mark = "* " if result["chosen"] else "  "
                values = [result["metrics"][name]["value"] for name in names]
                self.stdout.write(f"{mark}{result['algorithm']:<14}" + "".join(map(_shown, values)))
        best = next(result for result in table["results"] if result["chosen"])
        self.stdout.write(f"* chosen by {best['chosen_by']}: {best['config']}")
        self.stdout.write(f"{protocol['seconds']} s, {protocol['peak_mb']} MB at the most")
        for name, reason in protocol["left_out"].items():
            self.stdout.write(f"left out: {name}: {reason}")


def _request(options: dict[str, Any]) -> Request:
    names = tuple(dict.fromkeys(name.strip() for name in options["algorithms"].split(",") if name.strip()))
    try:
        if names not in {(AUTO,), (ALL,)}:
            for name in names:
                algorithm_named(name)
    except ValueError as error:
        raise CommandError(f"--algorithms: {error}") from error
    try:
        ks = tuple(sorted({int(k) for k in options["k"].split(",")}))
    except ValueError:
        ks = ()
    if not names or not ks or ks[0] < 1:
        raise CommandError("--algorithms needs a name, --k whole numbers from 1: --algorithms auto --k 10,20")
    if not options["budget"] > 0:
        raise CommandError("--budget must be above 0 seconds.")
    return Request(names, ks, options["budget"], options["seed"])


def _within(request: Request, used: float) -> Request:
    """What is left of the budget when the data has been read."""
    return Request(request.algorithms, request.ks, max(0.0, request.budget - used), request.seed)


def _task(options: dict[str, Any]) -> Task:
    if options["train"] or options["test"]:
        if not (options["train"] and options["test"]) or options["events"] or options["split"]:
            raise CommandError("Give --train and --test together, without --events and --split.")
        return _task_of_two_files(options)
    if options["events"] and not options["split"]:
        raise CommandError(f"--events needs --split; choose from: {SPLITS}.")
    cut = parse_split(options["split"] or SHOP_SPLIT)
    inner = _named_validation(options) or inner_cut(cut, seed=options["seed"])
    if options["events"]:
        events, _ = read_feedback(options["events"])
        weighed = _weighed(with_numbers(events)[0], options)
        return task_of_events(weighed, cut, inner=inner, repeats=bool(options["repeats"]))
    settings = conf()
    repeats = settings.repeat_purchases if options["repeats"] is None else options["repeats"]
    feedback, combined = of_shop(dataset.load(settings, now=timezone.now()))
    return task_of_events(feedback, cut, inner=inner, combined=combined, repeats=repeats)


def _task_of_two_files(options: dict[str, Any]) -> Task:
    (train, time_column), (test, _) = read_feedback(options["train"]), read_feedback(options["test"])
    train, test = (_weighed(part, options) for part in with_numbers(train, test))
    named = _named_validation(options)
    if named is None and time_column is None:
        train = unordered(train)
    inner = named or inner_cut_of_files(time_column, seed=options["seed"])
    return task_of(
        train, test, split="given files", inner=inner, newcomers=True, repeats=bool(options["repeats"])
    )


def _named_validation(options: dict[str, Any]) -> Any:
    name = options["validation"]
    return validation_named(name, seed=options["seed"]) if name else None


def _weighed(feedback: Feedback, options: dict[str, Any]) -> Feedback:
    return liked_by_stars(feedback, RATING_WEIGHTS) if options["relevant"] == "liked" else feedback


def _shown(value: float | None) -> str:
    return f"{'-':>20}" if value is None else f"{value:>20.4f}"
