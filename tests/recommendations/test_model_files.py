"""Reading feedback from files, as people have them."""

import gzip

import numpy as np
import pytest

from recommendations.engine.evaluation.cuts import TimeCut
from recommendations.model_table.files import read_feedback, with_numbers
from recommendations.model_table.memory import Peak
from recommendations.model_table.task import inner_cut, parse_split, task_of_events


def written(path, text):
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt") as file:
        file.write(text)
    return path


def test_columns_are_found_by_name_whatever_their_order(tmp_path):
    text = " Timestamp ,rating,ITEM,note,User\n5,4.5,a,x,ann\n3,1,b,y,bob\n"
    feedback, time = read_feedback(written(tmp_path / "f.csv", text))
    assert time == "timestamp"
    assert feedback.shoppers.tolist() == ["ann", "bob"]
    assert feedback.products.tolist() == ["a", "b"]
    assert feedback.ratings.tolist() == [4.5, 1]
    assert feedback.times.tolist() == [5, 3]
    assert feedback.weights.tolist() == [1, 1]


def test_a_packed_file_is_read_alike(tmp_path):
    text = "user,item,position\n1,2,0\n1,3,1\n"
    plain, packed = (read_feedback(written(tmp_path / name, text)) for name in ("a.csv", "a.csv.gz"))
    assert plain[1] == packed[1] == "position"
    assert plain[0].products.tolist() == packed[0].products.tolist()


def test_without_times_a_row_comes_after_those_above_it(tmp_path):
    feedback, time = read_feedback(written(tmp_path / "f.csv", "user,item\n1,2\n1,3\n"))
    assert time is None
    assert feedback.times.tolist() == [0, 1]
    assert np.isnan(feedback.ratings).all()


def test_dates_become_seconds(tmp_path):
    text = "user,item,timestamp\n1,2,1970-01-02\n1,3,1970-01-01 00:01:00+00:00\n"
    assert read_feedback(written(tmp_path / "f.csv", text))[0].times.tolist() == [86_400, 60]


@pytest.mark.parametrize(
    ("ids", "kind"), [("1,20", "i"), ("007,7", "U"), ("1,a", "U"), ("1,9999999999999999999", "U")]
)
def test_ids_become_numbers_only_where_nothing_is_lost(tmp_path, ids, kind):
    one, other = ids.split(",")
    parts = [
        read_feedback(written(tmp_path / f"{each}.csv", f"user,item\n{each},1\n"))[0] for each in (one, other)
    ]
    found = with_numbers(*parts)
    assert {part.shoppers.dtype.kind for part in found} == {kind}
    assert {part.products.dtype.kind for part in found} == {"i"}
    assert [str(part.shoppers[0]) for part in found] == [one, other]


def test_a_date_is_cut_at_its_midnight_in_utc():
    assert parse_split("time:2011-11-09") == TimeCut(at=1_320_796_800)
    assert parse_split("time:2011-11-09T01:00+01:00") == TimeCut(at=1_320_796_800)


def test_the_validation_part_of_leave_last_out_is_the_one_before_last(tmp_path):
    rows = [f"{user},{user + place},{place}" for user in range(4) for place in range(5)]
    feedback, _ = read_feedback(written(tmp_path / "f.csv", "user,item,position\n" + "\n".join(rows)))
    cut = parse_split("last")
    task = task_of_events(with_numbers(feedback)[0], cut, inner=inner_cut(cut, seed=0))

    def asked(holdout):
        return [holdout.products.ids[wanted].tolist() for wanted in holdout.relevant]

    assert asked(task.test) == [[user + 4] for user in range(4)]
    assert asked(task.validation) == [[user + 3] for user in range(4)]
    assert [len(history) for history in task.test.histories] == [4] * 4
    assert [len(history) for history in task.validation.histories] == [3] * 4
    assert len(task.train) == 16
    assert len(task.learned) == 12


def test_the_peak_is_of_the_work_since_the_reset():
    peak = Peak()
    big = np.ones(200_000_000 // 8)
    high = peak.megabytes
    del big
    peak.reset()
    # The kernel counts in batches of pages, so a peak may be off by a little.
    assert peak.overall >= high - 5
    assert 0 < peak.megabytes <= high + 5
