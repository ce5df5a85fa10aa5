"""`import_data movielens-100k` and `movielens-1m`."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from catalog.models import Category, Product
from feedback.models import Event, Rating, RatingChange, Shopper
from tests.feedback.importing import is_empty, read_rejects, run_import, shop, write

pytestmark = pytest.mark.django_db

FLAGS = "|0" * 19


def flags(*genres: int) -> str:
    return "".join("|1" if position in genres else "|0" for position in range(19))


@pytest.fixture
def small_100k(tmp_path: Path) -> Path:
    folder = tmp_path / "ml-100k"
    write(
        folder / "u.item",
        f"1|Toy Story (1995)|01-Jan-1995||http://a{flags(3, 4, 5)}\n"
        f"2|Misérables, Les (1995)|05-Apr-1995||http://b{flags(8, 12)}\n"
        f"267|unknown||||{flags(0)[1:]}\n",
        "latin-1",
    )
    write(folder / "u.data", "196\t1\t3\t881250949\n186\t2\t5\t891717742\n196\t2\t1\t881250950\n")
    return folder


@pytest.fixture
def small_1m(tmp_path: Path) -> Path:
    folder = tmp_path / "ml-1m"
    write(
        folder / "movies.dat",
        "1::Toy Story (1995)::Animation|Children's|Comedy\n2::Amélie (2001)::Comedy|Romance\n",
        "latin-1",
    )
    write(folder / "ratings.dat.gz", "1::1::5::978300760\n1::2::3::978302109\n2::1::4::978301968\n2::2::4")
    return folder


def test_films_become_products_with_genres_and_year(small_100k: Path) -> None:
    run_import("movielens-100k", small_100k)

    film = Product.objects.get(sku="1")
    assert film.title == "Toy Story (1995)"
    assert film.slug == "toy-story-1995"
    assert film.category == Category.objects.get(name="Animation", parent=None)
    assert film.attributes == {"year": 1995, "genres": ["Animation", "Children's", "Comedy"]}
    assert film.created_at == datetime(1995, 1, 1, tzinfo=UTC)


def test_titles_are_read_as_latin_1(small_100k: Path) -> None:
    run_import("movielens-100k", small_100k)
    assert Product.objects.get(sku="2").title == "Misérables, Les (1995)"


def test_a_film_without_genre_and_date_is_a_product_all_the_same(small_100k: Path) -> None:
    run_import("movielens-100k", small_100k)
    film = Product.objects.get(sku="267")
    assert (film.title, film.category, film.attributes) == ("unknown", None, {})


def test_ratings_carry_the_data_sets_time(small_100k: Path) -> None:
    report = run_import("movielens-100k", small_100k)
    assert report["ratings new"] == 3
    rating = Rating.objects.get(shopper__external_id="196", product__sku="1")
    assert rating.value == 3
    assert rating.rated_at == datetime.fromtimestamp(881250949, UTC)


def test_price_and_stock_are_the_defaults_that_were_asked_for(small_100k: Path) -> None:
    run_import("movielens-100k", small_100k, "--default-price", "4.5", "--default-stock", 7)
    assert set(Product.objects.values_list("price", "stock")) == {(Decimal("4.50"), 7)}


def test_rating_counts_of_products_are_in_step(small_100k: Path) -> None:
    run_import("movielens-100k", small_100k)
    film = Product.objects.get(sku="2")
    assert (film.rating_count, film.rating_total) == (2, 6)


def test_shoppers_get_a_new_feedback_version(small_100k: Path) -> None:
    Shopper.objects.create(external_id="196", feedback_version=4)
    run_import("movielens-100k", small_100k)
    assert Shopper.objects.get(external_id="196").feedback_version == 5


def test_an_import_asks_for_no_training_by_itself(small_100k: Path) -> None:
    run_import("movielens-100k", small_100k)
    assert not RatingChange.objects.exists()
    assert not Event.objects.exists()


def test_the_second_run_changes_nothing_and_says_so(small_100k: Path) -> None:
    run_import("movielens-100k", small_100k)
    before = shop()
    report = run_import("movielens-100k", small_100k)
    assert shop() == before
    assert "Nothing changed" in report.text
    assert report["ratings and events known already"] == 3


def test_the_ratings_file_alone_makes_bare_products(small_100k: Path) -> None:
    run_import("movielens-100k", small_100k / "u.data")
    assert set(Product.objects.values_list("sku", "title")) == {("1", "Product 1"), ("2", "Product 2")}


def test_films_imported_later_give_bare_products_their_titles(small_100k: Path) -> None:
    run_import("movielens-100k", small_100k / "u.data")
    report = run_import("movielens-100k", small_100k / "u.item")
    assert (report["products new"], report["products updated"]) == (1, 2)
    assert Product.objects.get(sku="1").title == "Toy Story (1995)"


def test_files_are_told_by_content_not_by_name(small_100k: Path) -> None:
    ratings = (small_100k / "u.data").rename(small_100k / "some ratings.tsv")
    assert run_import("movielens-100k", ratings)["ratings new"] == 3


def test_a_prefix_keeps_data_sets_apart(small_100k: Path, small_1m: Path) -> None:
    run_import("movielens-100k", small_100k, "--prefix", "k-")
    run_import("movielens-1m", small_1m, "--prefix", "m-")
    assert Product.objects.get(sku="k-1").title == Product.objects.get(sku="m-1").title
    assert Shopper.objects.filter(external_id="m-1").exists()
    assert Product.objects.count() == 5


def test_a_million_size_file_with_its_last_line_cut_loses_only_that_line(
    small_1m: Path, tmp_path: Path
) -> None:
    rejects = tmp_path / "rejects.csv"
    report = run_import("movielens-1m", small_1m, "--rejects", rejects)
    assert (report["ratings new"], report["rows rejected"]) == (3, 1)
    assert read_rejects(rejects) == [("ratings.dat.gz", 4, "wrong number of fields", "2::2::4")]


def test_a_time_that_was_cut_short_is_refused(small_1m: Path, tmp_path: Path) -> None:
    write(small_1m / "ratings.dat.gz", "1::1::5::978300760\n2::2::4::97830")
    assert run_import("movielens-1m", small_1m)["time is before 1990"] == 1


def test_genres_of_the_million_size_become_departments(small_1m: Path) -> None:
    run_import("movielens-1m", small_1m)
    film = Product.objects.get(sku="2")
    assert film.title == "Amélie (2001)"
    assert film.category == Category.objects.get(name="Comedy")
    assert film.attributes == {"genres": ["Comedy", "Romance"], "year": 2001}


@pytest.mark.parametrize("stars", ["0", "6", "4.5", "-1", "five", "", "nan", "inf"])
def test_a_rating_that_is_no_whole_star_is_refused_not_rounded(
    small_100k: Path, tmp_path: Path, stars: str
) -> None:
    write(small_100k / "u.data", f"1\t1\t3\t881250949\n1\t2\t{stars}\t881250949\n")
    rejects = tmp_path / "r.csv"
    report = run_import("movielens-100k", small_100k, "--rejects", rejects)
    assert report["ratings new"] == 1
    reason = "rating is not a whole number from 1 to 5"
    assert read_rejects(rejects) == [("u.data", 2, reason, f"1\t2\t{stars}\t881250949")]


def test_half_stars_of_a_later_release_are_refused(small_1m: Path) -> None:
    write(small_1m / "ratings.dat.gz", "1::1::4.0::978300760\n1::2::4.5::978300761\n")
    report = run_import("movielens-1m", small_1m)
    assert (report["ratings new"], report["rating is not a whole number from 1 to 5"]) == (1, 1)


def test_a_dry_run_counts_everything_and_writes_nothing(small_100k: Path) -> None:
    report = run_import("movielens-100k", small_100k, "--dry-run")
    assert (report["products new"], report["shoppers new"], report["ratings new"]) == (3, 2, 3)
    assert "Nothing was written" in report.text
    assert is_empty()
