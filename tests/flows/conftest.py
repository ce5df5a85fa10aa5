"""A whole running shop: Redis, web, worker and beat as processes of their own, on a small data set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.shop import Shop, manage, running_shop

THRESHOLD = 5


@pytest.fixture(scope="module")
def shop_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demo shop with a live model."""
    folder = tmp_path_factory.mktemp("shop")
    manage(folder, "migrate", "-v0")
    manage(folder, "seed_demo", "--shoppers", "200", "--ratings", "5000")
    manage(folder, "train_model")
    return folder


@pytest.fixture(scope="module")
def shop(shop_data: Path) -> Iterator[Shop]:
    """The shop as `make run` starts it, retraining after a handful of ratings."""
    with running_shop(
        shop_data,
        log=shop_data / "run.log",
        RETRAIN_AFTER_RATINGS=str(THRESHOLD),
        RETRAIN_MIN_INTERVAL="1",
        WEB_WORKERS="1",
    ) as running:
        yield running
