"""manage.py evaluate_models: choosing and measuring on files or on the shop."""

import csv
import gzip
import json
from datetime import timedelta

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from feedback.models import Rating
from recommendations.engine.algorithms.catalogue import ALGORITHMS
from tests.factories import make_product, make_shopper

KEYS = {
    "algorithm", "chosen", "config", "chosen_by", "fit_seconds", "score_seconds", "peak_mb", "metrics",
    "segments",
}  # fmt: skip
QUICK = "popularity,item_knn"


def purchases(count=90, products=40, seed=0):
    """(user, item, rating, timestamp): two tastes, every third shopper buys something twice."""
    random = np.random.default_rng(seed)
    for shopper in range(count):
        own = [product for product in range(products) if product % 2 == shopper % 2]
        bought = random.permutation(own)[: random.integers(6, 16)].tolist()
        if shopper % 3 == 0:
            bought.append(bought[0])
        for place, product in enumerate(bought):
            yield f"u{shopper}", f"p{product}", random.integers(1, 6), 100 + 1_000 * place + shopper


def write(path, rows, header=("user", "item", "rating", "timestamp")):
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", newline="") as file:
        out = csv.writer(file)
        out.writerow(header)
        out.writerows([row[: len(header)] for row in rows])
    return path


@pytest.fixture
def events(tmp_path):
    return write(tmp_path / "events.csv", purchases())


@pytest.fixture
def files(tmp_path):
    """A training and a test file of the same shoppers, without times."""
    rows = list(dict.fromkeys(row[:2] for row in purchases()))
    kept = np.random.default_rng(1).random(len(rows)) < 0.8
    train, test = (
        [row for row, own in zip(rows, kept, strict=True) if bool(own) is side] for side in (True, False)
    )
    header = ("user", "item")
    return write(tmp_path / "train.csv.gz", train, header), write(tmp_path / "test.csv.gz", test, header)


@pytest.fixture
def table(tmp_path, capsys):
    def made(*options, algorithms=QUICK):
        out = tmp_path / "out.json"
        call_command(
            "evaluate_models",
            *map(str, options),
            "--algorithms",
            algorithms,
            "--json",
            str(out),
            "--budget",
            "60",
        )
        return json.loads(out.read_text())

    return made


def chosen(table):
    (one,) = [result for result in table["results"] if result["chosen"]]
    return one


class TestTheTable:
    def test_it_has_a_result_per_algorithm_and_exactly_one_is_chosen(self, table, events):
        found = table("--events", events, "--split", "last", "--k", "5,10")
        assert set(found) == {"protocol", "results"}
        assert {result["algorithm"] for result in found["results"]} == {"popularity", "item_knn"}
        assert [result["chosen"] for result in found["results"]].count(True) == 1
        assert chosen(found)["algorithm"] == "item_knn"
        for result in found["results"]:
            assert set(result) == KEYS
            assert result["fit_seconds"] >= 0
            assert 10 < result["peak_mb"] < 6_000
            for k in (5, 10):
                estimate = result["metrics"][f"ndcg@{k}"]
                assert set(estimate) == {"value", "low", "high"}
                assert 0 <= estimate["low"] <= estimate["value"] <= estimate["high"] <= 1
            assert set(result["segments"]) == {"cold", "warm", "heavy"}

    def test_what_was_chosen_is_said_with_how_and_on_what(self, table, events):
        found = table("--events", events, "--split", "last", "--k", "10")
        assert "ndcg@10" in chosen(found)["chosen_by"]
        assert "validation part of the training data" in chosen(found)["chosen_by"]
        assert found["protocol"]["chosen_on"].startswith("leave last out")
        assert set(chosen(found)["config"]) >= {"neighbours", "shrinkage"}

    def test_undefined_is_null(self, table, events):
        found = table("--events", events, "--split", "last")
        assert chosen(found)["metrics"]["coverage@10"]["low"] is None
        assert chosen(found)["segments"]["heavy"]["metrics"]["ndcg@10"]["value"] is None

    def test_a_single_algorithm_is_the_chosen_one(self, table, events):
        found = table("--events", events, "--split", "basket", algorithms="popularity")
        assert [result["algorithm"] for result in found["results"]] == ["popularity"]
        assert chosen(found)["algorithm"] == "popularity"

    @pytest.mark.parametrize("split", ["time:0.2", "time:12000", "time:1970-01-01T02:30", "last", "basket"])
    def test_every_split_asks_somebody(self, table, events, split):
        assert table("--events", events, "--split", split)["protocol"]["test_shoppers"] > 5

    def test_the_table_is_printed_too(self, events, capsys):
        call_command(
            "evaluate_models",
            "--events",
            str(events),
            "--split",
            "last",
            "--algorithms",
            QUICK,
            "--budget",
            "60",
        )
        shown = capsys.readouterr().out
        assert "* item_knn" in shown
        assert "ndcg@20" in shown

    def test_recall_is_what_the_files_themselves_say(self, table, files):
        train, test = files
        found = table("--train", train, "--test", test, "--k", "10", algorithms="popularity")
        rows = {}
        for path in (train, test):
            with gzip.open(path, "rt") as file:
                rows[path] = [tuple(row.values()) for row in csv.DictReader(file)]
        half_life = chosen(found)["config"]["half_life_days"]
        counts: dict[str, float] = {}
        for age, (_, item) in enumerate(reversed(rows[train])):
            counts[item] = counts.get(item, 0) + (
                1 if half_life is None else 2 ** (-age / 86_400 / half_life)
            )
        best = sorted(counts, key=lambda item: (-np.float32(counts[item]), item))
        recalls = []
        for user in {user for user, _ in rows[test]}:
            own = {item for other, item in rows[train] if other == user}
            wanted = {item for other, item in rows[test] if other == user}
            shown = [item for item in best if item not in own][:10]
            recalls.append(len(wanted & set(shown)) / len(wanted))
        assert chosen(found)["metrics"]["recall@10"]["value"] == pytest.approx(np.mean(recalls), abs=1e-6)
        assert found["protocol"]["test_shoppers"] == len(recalls)


class TestTheChoice:
    def choice(self, found):
        return [
            (result["algorithm"], result["chosen"], result["config"], result["chosen_by"])
            for result in found["results"]
        ]

    def test_the_test_file_has_no_say(self, table, files, tmp_path):
        train, test = files
        honest = table("--train", train, "--test", test)
        with gzip.open(test, "rt") as file:
            rows = [tuple(row.values()) for row in csv.DictReader(file)]
        shuffled = np.random.default_rng(5).permutation([item for _, item in rows])
        other = write(
            tmp_path / "other.csv",
            [(user, item) for (user, _), item in zip(rows, shuffled, strict=True)] + [("zoe", "unheard-of")],
            ("user", "item"),
        )
        altered = table("--train", train, "--test", other)
        assert self.choice(honest) == self.choice(altered)
        assert chosen(honest)["metrics"] != chosen(altered)["metrics"]

    def test_what_comes_after_the_cut_has_no_say(self, table, events, tmp_path):
        rows = list(purchases())
        later = [(user, item if time < 9_000 else "p1", stars, time) for user, item, stars, time in rows]
        changed = write(tmp_path / "changed.csv", later)
        one, other = (table("--events", path, "--split", "time:9000") for path in (events, changed))
        assert self.choice(one) == self.choice(other)

    def test_the_same_seed_gives_the_same_table(self, table, events):
        one, same = (table("--events", events, "--split", "last", "--seed", "3") for _ in range(2))
        assert [each["metrics"] for each in one["results"]] == [each["metrics"] for each in same["results"]]

    @pytest.mark.slow
    def test_auto_chooses_among_all_and_shows_the_baselines_beside_it(self, table, events):
        found = table("--events", events, "--split", "last", "--k", "10", algorithms="auto")
        names = [result["algorithm"] for result in found["results"]]
        assert {"popularity", "item_knn"} <= set(names) <= set(ALGORITHMS)
        best = chosen(found)["metrics"]["ndcg@10"]["value"]
        popular = next(result for result in found["results"] if result["algorithm"] == "popularity")
        assert best > 1.2 * popular["metrics"]["ndcg@10"]["value"]
        assert found["protocol"]["seconds"] < 60

    def test_the_way_of_validating_can_be_named(self, table, files):
        found = table("--train", files[0], "--test", files[1], "--validation", "last")
        assert found["protocol"]["chosen_on"].startswith("leave last out")

    @pytest.mark.parametrize(
        ("column", "way"), [("position", "leave last out"), ("timestamp", "global time"), (None, "random")]
    )
    def test_given_files_are_validated_by_what_the_training_file_tells(self, table, tmp_path, column, way):
        header = ("user", "item", "rating", column) if column else ("user", "item")
        rows = list(purchases())
        train, test = (
            write(tmp_path / "a.csv", rows[:500], header),
            write(tmp_path / "b.csv", rows[500:], header),
        )
        found = table("--train", train, "--test", test)
        assert found["protocol"]["chosen_on"].startswith(way)

    def test_what_did_not_fit_into_the_budget_is_said(self, events, tmp_path):
        out = tmp_path / "out.json"
        call_command(
            "evaluate_models",
            "--events",
            str(events),
            "--split",
            "last",
            "--budget",
            "0.000001",
            "--json",
            str(out),
        )
        found = json.loads(out.read_text())
        assert chosen(found)["algorithm"] == "popularity"
        assert "no fit could be finished in time" in found["protocol"]["left_out"].values()


class TestTheStars:
    def test_all_rows_count_alike_unless_only_the_liked_are_asked_for(self, table, events):
        counts = [
            table("--events", events, "--split", "last", "--relevant", which)["protocol"]["test_rows"]
            for which in ("all", "liked")
        ]
        assert counts[0] > counts[1] > 0

    def test_stars_outside_the_scale_are_refused(self, tmp_path):
        ten = write(tmp_path / "ten.csv", [("u", "a", 10, 1), ("u", "b", 9, 2)])
        with pytest.raises(CommandError, match="ratings from 1 to 5"):
            call_command("evaluate_models", "--events", str(ten), "--split", "last", "--relevant", "liked")


class TestWrongInput:
    def fails(self, *options):
        with pytest.raises(CommandError) as raised:
            call_command("evaluate_models", *map(str, options))
        message = str(raised.value)
        assert "\n" not in message
        return message

    def test_a_file_that_is_not_there(self, tmp_path, events):
        assert "is not a file" in self.fails("--train", tmp_path / "no.csv", "--test", events)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("a,b\n1,2\n", "no column user"),
            ("user,b\n1,2\n", "no column item"),
            ("user,item\n", "no rows"),
            ("user,item\n1,\n", "without user or item"),
            ("user,item,timestamp\n1,2,soon\n", "neither numbers nor dates"),
            ("user,item,timestamp\n1,2,\n", "without timestamp"),
            ("user,item,rating\n1,2,good\n", "not numbers"),
            ('user,item\n"1,2\n', "cannot be read as csv"),
            ("", "cannot be read as csv"),
        ],
    )
    def test_a_file_of_another_kind(self, tmp_path, text, words):
        path = tmp_path / "wrong.csv"
        path.write_text(text)
        assert words in self.fails("--events", path, "--split", "last")

    def test_a_file_that_is_not_gzipped_although_it_says_so(self, tmp_path):
        path = tmp_path / "wrong.csv.gz"
        path.write_bytes(b"user,item\n1,2\n")
        assert "cannot be read as csv" in self.fails("--events", path, "--split", "last")

    def test_bytes_that_are_no_text(self, tmp_path):
        path = tmp_path / "wrong.csv"
        path.write_bytes(b"user,item\n\xff\xfe,2\n")
        assert "cannot be read as csv" in self.fails("--events", path, "--split", "last")

    @pytest.mark.parametrize(
        ("split", "words"),
        [
            ("random", "There is no split"),
            ("time", "There is no split"),
            ("time:soon", "neither a date"),
            ("time:-3", "neither a share"),
            ("time:nan", "neither a share"),
        ],
    )
    def test_a_split_there_is_not(self, events, split, words):
        assert words in self.fails("--events", events, "--split", split)

    def test_options_that_do_not_go_together(self, events):
        assert "--train and --test together" in self.fails("--train", events)
        assert "--train and --test together" in self.fails("--test", events)
        assert "--train and --test together" in self.fails(
            "--train", events, "--test", events, "--split", "last"
        )
        assert "--events needs --split" in self.fails("--events", events)

    def test_names_and_numbers_that_make_no_sense(self, events):
        given = ("--events", events, "--split", "last")
        assert "no algorithm 'magic'" in self.fails(*given, "--algorithms", "magic")
        assert "no algorithm 'auto'" in self.fails(*given, "--algorithms", "auto,ease")
        for k in ("0", "ten", ""):
            assert "--k whole numbers" in self.fails(*given, "--k", k)
        assert "--budget" in self.fails(*given, "--budget", "0")
        assert "no folder" in self.fails(*given, "--json", "/nowhere/out.json")

    def test_nobody_to_ask(self, tmp_path):
        lonely = write(tmp_path / "lonely.csv", [("u", "a", 5, 1), ("v", "b", 5, 2)])
        assert "Nobody to ask" in self.fails("--events", lonely, "--split", "last", "--algorithms", QUICK)

    def test_nothing_to_learn_from(self, events):
        assert "no feedback to learn from" in self.fails("--events", events, "--split", "time:1")


@pytest.mark.django_db
class TestTheShop:
    def test_its_own_feedback_is_measured(self, table):
        now = timezone.now()
        products = [make_product() for _ in range(12)]
        random = np.random.default_rng(0)
        for number in range(30):
            shopper = make_shopper()
            own = random.permutation(range(number % 2, 12, 2)).tolist()
            for place, product in enumerate(products[each] for each in own):
                when = now - timedelta(days=60 - 10 * place, minutes=number)
                rating = Rating.objects.create(shopper=shopper, product=product, value=5)
                Rating.objects.filter(pk=rating.pk).update(rated_at=when)
        found = table("--split", "last", "--k", "3")
        assert found["protocol"]["products"] == 12
        assert found["protocol"]["test_shoppers"] == 30
        assert chosen(found)["algorithm"] == "item_knn"

    def test_an_empty_shop_says_so(self):
        with pytest.raises(CommandError, match="no feedback to learn from"):
            call_command("evaluate_models")
