"""manage.py evaluate_ratings: Surprise's table on any file of ratings."""

import gzip

import numpy as np
import pytest
import surprise
from django.core.management import CommandError, call_command
from surprise.model_selection import KFold

from recommendations.rating_table import FOLD_INS, NAMES, NotRatingsError, errors_of, read_ratings


def rows(count=400, seed=0):
    """(shopper, product, rating, time): two tastes, with noise, in an order of no meaning."""
    random = np.random.default_rng(seed)
    pairs = random.permutation(30 * 25)[:count]
    for pair in pairs.tolist():
        shopper, product = divmod(pair, 25)
        liked = shopper % 2 == product % 2
        stars = min(5, max(1, round(random.normal(4.2 if liked else 2.2, 0.6))))
        yield f"u{shopper}", f"p{product}", stars, pair


def write(path, separator="\t", *, header="", opener=open, times=True):
    lines = [header] if header else []
    lines += [separator.join(map(str, row if times else row[:3])) for row in rows()]
    with opener(path, "wt") as file:
        file.write("\n".join(lines) + "\n")
    return path


@pytest.fixture
def data(tmp_path):
    return write(tmp_path / "u.data")


def evaluate(capsys, *options):
    call_command("evaluate_ratings", *map(str, options))
    return capsys.readouterr().out.splitlines()


class TestReading:
    @pytest.mark.parametrize("separator", ["\t", "::", ";", ","])
    @pytest.mark.parametrize("header", ["", "userId{0}movieId{0}rating{0}timestamp"])
    @pytest.mark.parametrize("times", [True, False])
    def test_every_layout_is_read_alike_and_in_its_order(self, tmp_path, separator, header, times):
        if not times:
            header = header.removesuffix("{0}timestamp")
        path = write(tmp_path / "ratings", separator, header=header.format(separator), times=times)
        found = read_ratings(path)
        expected = [row[:3] for row in rows()]
        assert (
            list(zip(found.shoppers.tolist(), found.products.tolist(), found.ratings.tolist(), strict=True))
            == expected
        )

    def test_a_gzipped_file_is_read_alike(self, tmp_path, data):
        packed = read_ratings(write(tmp_path / "u.data.gz", opener=gzip.open))
        plain = read_ratings(data)
        assert packed.shoppers.tolist() == plain.shoppers.tolist()
        assert packed.ratings.tolist() == plain.ratings.tolist()

    def test_ids_stay_as_they_are_written(self, tmp_path):
        (tmp_path / "r.csv").write_text("007,08,3\n7,8,4.5\n")
        found = read_ratings(tmp_path / "r.csv")
        assert (found.shoppers.tolist(), found.products.tolist()) == (["007", "7"], ["08", "8"])
        assert found.ratings.tolist() == [3.0, 4.5]

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("empty", b""),
            ("words", b"The quick brown fox\njumps over the lazy dog\n"),
            ("two columns", b"1,2\n3,4\n"),
            ("a header alone", b"user,item,rating\n"),
            ("a word for a rating", b"1,2,3\n1,3,good\n"),
            ("a gap for a rating", b"1,2,3\n1,3,\n"),
            ("a gap for a shopper", b"1,2,3\n,3,4\n"),
            ("binary", bytes(range(256)) * 9),
            ("not gzipped.gz", b"1,2,3\n"),
            ("cut short.gz", gzip.compress(b"1,2,3\n" * 999, mtime=0)[:-9]),
        ],
    )
    def test_a_file_of_anything_else_is_refused_in_one_line(self, tmp_path, name, content):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(
            NotRatingsError, match=r"does not hold ratings\. Expected user, item, rating"
        ) as refused:
            read_ratings(path)
        assert str(path) in str(refused.value) and "\n" not in str(refused.value)

    def test_a_folder_and_nothing_at_all_are_refused_with_an_example(self, tmp_path):
        for path in (tmp_path, tmp_path / "missing"):
            with pytest.raises(
                NotRatingsError, match=r"is not a file. Give the ratings themselves, .* u.data"
            ):
                read_ratings(path)


class TestTheFigures:
    def test_they_are_those_that_surprise_itself_computes(self, data):
        """Its own reader, folds and algorithm, with nothing of ours in between."""
        loaded = surprise.Dataset.load_from_file(
            str(data), surprise.Reader(line_format="user item rating timestamp", sep="\t")
        )
        folds = KFold(3, random_state=7)
        expected: dict[str, list[float]] = {"svd": [], "baseline_only": []}
        makers = {
            "svd": lambda: surprise.SVD(random_state=7),
            "baseline_only": lambda: surprise.BaselineOnly(verbose=False),
        }
        for train, test in folds.split(loaded):
            for name, make in makers.items():
                found = make().fit(train).test(test)
                expected[name].append(surprise.accuracy.rmse(found, verbose=False))
        for name, values in expected.items():
            errors = errors_of(name, read_ratings(data), n_splits=3, seed=7, progress=lambda _: None)
            assert errors.rmse == pytest.approx(np.mean(values), abs=1e-6)

    @pytest.mark.parametrize("name", sorted(FOLD_INS))
    def test_a_fold_in_learns_more_than_the_mean(self, name, data):
        errors = errors_of(name, read_ratings(data), n_splits=3, seed=0, progress=lambda _: None)
        assert errors.rmse < np.std([row[2] for row in rows()]) * 0.97


class TestTheCommand:
    def test_it_prints_a_row_per_algorithm_with_four_places(self, capsys, data):
        lines = evaluate(capsys, data, "--folds", 2)
        assert lines[0] == "400 ratings, 2 folds, seed 0"
        assert lines[1].split() == ["algorithm", "RMSE", "MAE"]
        assert [line.split()[0] for line in lines[2:]] == list(NAMES)
        for line in lines[2:]:
            rmse, mae = line.split()[1:]
            assert len(rmse.partition(".")[2]) == len(mae.partition(".")[2]) == 4
            assert 0 < float(mae) < float(rmse) < 2

    def test_the_same_seed_gives_the_same_table_and_another_one_another(self, capsys, data):
        asked = (data, "--folds", 2, "--algorithms", "svd", "--seed")
        first, same, other = (evaluate(capsys, *asked, seed)[-1] for seed in (1, 1, 2))
        assert first == same != other

    def test_algorithms_are_chosen_by_name_in_the_order_given(self, capsys, data):
        lines = evaluate(capsys, data, "--folds", 2, "--algorithms", "svd_fold_in, baseline_only")
        assert [line.split()[0] for line in lines[2:]] == ["svd_fold_in", "baseline_only"]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["--algorithms", "svd,magic"], "--algorithms names magic; choose from: svd, .*svd_fold_in"),
            (["--algorithms", ","], "--algorithms names nothing; choose from: svd"),
            (["--folds", "1"], r"--folds must be from 2 to the number of ratings \(400\)"),
            (["--folds", "401"], r"--folds must be from 2 to the number of ratings \(400\)"),
            (["--folds", "many"], "invalid int value: 'many'"),
        ],
    )
    def test_a_wrong_option_is_one_line_that_says_what_would_be_right(self, data, options, message):
        with pytest.raises(CommandError, match=message):
            call_command("evaluate_ratings", str(data), *options)

    def test_a_wrong_file_is_one_line(self, tmp_path):
        with pytest.raises(CommandError, match="is not a file"):
            call_command("evaluate_ratings", str(tmp_path / "missing"))

    def test_ctrl_c_is_one_line(self, data, monkeypatch):
        def interrupt(*_args, **_kwargs):
            raise KeyboardInterrupt

        monkeypatch.setattr("recommendations.rating_table.native_ratings", interrupt)
        with pytest.raises(CommandError, match=r"^Interrupted\.$") as stopped:
            call_command("evaluate_ratings", str(data), "--algorithms", "svd")
        assert stopped.value.returncode == 130
