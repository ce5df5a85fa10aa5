"""Surprise's published table on a file of ratings; no database is needed."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from recommendations.rating_table import NAMES, NotRatingsError, errors_of, read_ratings


class Command(BaseCommand):
    help = "Cross-validate rating predictors on a file of ratings: RMSE and MAE, a row per algorithm."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "path", type=Path, help="user, item, rating[, time]; for example MovieLens' u.data"
        )
        parser.add_argument("--folds", type=int, default=5)
        parser.add_argument("--seed", type=int, default=0, help="Of the folds and of the algorithms.")
        parser.add_argument("--algorithms", default=",".join(NAMES), help=f"Of {', '.join(NAMES)}.")

    def handle(self, *args: Any, **options: Any) -> None:
        names = [name.strip() for name in options["algorithms"].split(",") if name.strip()]
        if not names or (unknown := [name for name in names if name not in NAMES]):
            wrong = ", ".join(unknown) if names else "nothing"
            raise CommandError(f"--algorithms names {wrong}; choose from: {', '.join(NAMES)}.")
        try:
            ratings = read_ratings(options["path"])
        except NotRatingsError as error:
            raise CommandError(str(error)) from error
        if not 2 <= options["folds"] <= len(ratings):
            raise CommandError(f"--folds must be from 2 to the number of ratings ({len(ratings)}).")
        self.stdout.write(f"{len(ratings)} ratings, {options['folds']} folds, seed {options['seed']}")
        self.stdout.write(f"{'algorithm':<16}{'RMSE':>8}{'MAE':>8}")
        try:
            for name in names:
                self._row(name, ratings, n_splits=options["folds"], seed=options["seed"])
        except KeyboardInterrupt:
            raise CommandError("Interrupted.", returncode=130) from None

    def _row(self, name: str, ratings: Any, *, n_splits: int, seed: int) -> None:
        with tqdm(total=n_splits, desc=name, unit="fold", leave=False, disable=None) as bar:
            errors = errors_of(
                name, ratings, n_splits=n_splits, seed=seed, progress=lambda _: bar.update() and None
            )
        self.stdout.write(f"{name:<16}{errors.rmse:>8.4f}{errors.mae:>8.4f}")
