"""A whole running shop: Redis, web, worker and beat as processes of their own, on a small data set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.shop import Shop, manage, running_shop
from tests.flows.empty_shop import EmptyShop
from tests.flows.postgres import programs, running_postgres

THRESHOLD = 5


@pytest.fixture(scope="session")
def bin_dir() -> Path:
    """Where PostgreSQL's programs are."""
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL: apt-get install postgresql")
    return found


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmptyShop]:
    """On SQLite, and again on PostgreSQL."""
    folder = tmp_path_factory.mktemp(f"empty-{request.param}")
    if request.param == "sqlite":
        yield EmptyShop(folder, f"sqlite:///{folder / 'shop.sqlite3'}")
        return
    with running_postgres(request.getfixturevalue("bin_dir")) as url:
        yield EmptyShop(folder, url)


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
