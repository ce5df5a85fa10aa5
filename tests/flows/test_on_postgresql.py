"""The whole shop on PostgreSQL: seed, train, serve, rate, retrain."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.shop import Shop, manage, running_shop
from tests.flows.postgres import running_postgres

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
THRESHOLD = 3


@pytest.fixture(scope="module")
def database_url(bin_dir: Path) -> Iterator[str]:
    with running_postgres(bin_dir) as url:
        yield url


@pytest.fixture(scope="module")
def shop(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop-on-postgresql")
    manage(folder, "migrate", "-v0", DATABASE_URL=database_url)
    manage(folder, "seed_demo", "--shoppers", "150", "--ratings", "3000", DATABASE_URL=database_url)
    manage(folder, "train_model", DATABASE_URL=database_url)
    with running_shop(
        folder, log=folder / "run.log", DATABASE_URL=database_url, RETRAIN_AFTER_RATINGS=str(THRESHOLD),
        RETRAIN_MIN_INTERVAL="1", WEB_WORKERS="1",
    ) as running:  # fmt: skip
        yield running


def test_no_migration_is_missing_on_postgresql(shop: Shop, database_url: str) -> None:
    manage(shop.var_dir, "makemigrations", "--check", "--dry-run", DATABASE_URL=database_url)


def test_seeding_again_changes_nothing(shop: Shop, database_url: str) -> None:
    said = manage(
        shop.var_dir, "seed_demo", "--shoppers", "150", "--ratings", "3000", DATABASE_URL=database_url
    )
    assert "nothing" in said.lower()


def test_ratings_change_the_list_and_bring_a_new_model(shop: Shop) -> None:
    shopper = shop.call("GET", "/shoppers/suggest/?q=a")
    assert shopper.status == 200
    before = shop.call("GET", "/api/v1/models/live").body["version"]
    items = shop.call("GET", "/api/v1/shoppers/somebody-new/recommendations").body["items"]
    for item in items[:THRESHOLD]:
        answer = shop.call("PUT", f"/api/v1/shoppers/somebody-new/ratings/{item['sku']}", {"value": 5})
        assert answer.status == 201
    after = shop.call("GET", "/api/v1/shoppers/somebody-new/recommendations").body
    assert after["strategy"] == "personal"
    assert not {item["sku"] for item in items[:THRESHOLD]} & {item["sku"] for item in after["items"]}
    deadline = time.monotonic() + 300
    while shop.call("GET", "/api/v1/models/live").body["version"] == before:
        assert time.monotonic() < deadline, f"no new model came: {(shop.var_dir / 'run.log').read_text()}"
        time.sleep(0.2)


@pytest.mark.parametrize("path", ["/", "/products/", "/products/?q=a", "/recommendations/?shopper=nobody"])
def test_the_pages_are_there(shop: Shop, path: str) -> None:
    assert shop.call("GET", path).status == 200


def test_importing_twice_changes_nothing_the_second_time(
    shop: Shop, database_url: str, tmp_path: Path
) -> None:
    ratings = tmp_path / "ratings.csv"
    ratings.write_text("user,item,stars\nann,BOOK-1,5\nann,BOOK-2,3\nbob,BOOK-1,4\n")
    arguments = ("import_data", "csv", str(ratings), "--columns", "shopper=user,product=item,rating=stars")
    first = manage(shop.var_dir, *arguments, DATABASE_URL=database_url)
    second = manage(shop.var_dir, *arguments, DATABASE_URL=database_url)
    assert _figure(first, "ratings new") == 3
    assert _figure(second, "ratings new") == 0


def _figure(table: str, name: str) -> int:
    (line,) = [line for line in table.splitlines() if line.strip().startswith(name)]
    return int(line.split()[-1].replace(",", ""))
