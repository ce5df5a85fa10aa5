"""recommendations.engine.array_file: a file of arrays can hold nothing that runs."""

from __future__ import annotations

import os
import pickle
from mmap import mmap
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recommendations.engine.array_file import UnsafeFileError, mapped, write

PLAIN = hnp.boolean_dtypes() | hnp.integer_dtypes() | hnp.floating_dtypes() | hnp.unicode_string_dtypes()
in_a_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


class Attack:
    """Unpickled, it leaves a file behind."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "arrays.joblib"


def read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return mapped(file)


@in_a_folder
@given(
    arrays=st.dictionaries(
        st.text(min_size=1, max_size=5),
        hnp.arrays(PLAIN, hnp.array_shapes(min_dims=0, min_side=0)),
        max_size=4,
    )
)
def test_plain_arrays_come_back_as_they_were(arrays: dict[str, np.ndarray[Any, Any]], tmp_path: Path) -> None:
    write(arrays, tmp_path / "any")
    found = read(tmp_path / "any")
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)


def test_columns_first_stay_so_and_everything_is_mapped_read_only(path: Path) -> None:
    write({"rows": np.ones((3, 2)), "columns": np.asfortranarray(np.ones((3, 2)))}, path)
    found = read(path)
    assert found["columns"].flags.f_contiguous and not found["rows"].flags.f_contiguous
    assert all(isinstance(array.base, mmap) and not array.flags.writeable for array in found.values())


def test_all_arrays_share_one_mapping(path: Path) -> None:
    write({str(number): np.arange(number) for number in range(40)}, path)
    assert len({id(array.base) for array in read(path).values()}) == 1


def test_joblib_itself_reads_what_is_written(path: Path) -> None:
    write({"a": np.arange(5)}, path)
    np.testing.assert_array_equal(joblib.load(path)["a"], np.arange(5))


def test_objects_are_not_written(path: Path) -> None:
    with pytest.raises(ValueError, match="names holds objects"):
        write({"names": np.array(["a", None], dtype=object)}, path)
    assert not path.exists()


@pytest.mark.parametrize(
    "hide",
    [
        lambda attack: attack,
        lambda attack: {"a": attack},
        lambda attack: {attack: np.arange(3)},
        lambda attack: {"a": np.array([attack], dtype=object)},
        lambda attack: [np.arange(3), attack],
        lambda attack: {"a": np.arange(3), "b": {"c": attack}},
    ],
    ids=["alone", "value", "key", "array", "list", "deeper"],
)
@pytest.mark.parametrize("dump", [joblib.dump, lambda what, path: path.write_bytes(pickle.dumps(what))])
def test_what_would_run_when_unpickled_does_not(hide: Any, dump: Any, path: Path, tmp_path: Path) -> None:
    attack = Attack(tmp_path / "it-ran")
    dump(hide(attack), path)
    with pytest.raises(UnsafeFileError):
        read(path)
    assert not attack.mark.exists()


def test_the_same_attack_runs_where_joblib_reads_it(path: Path, tmp_path: Path) -> None:
    """What the tests above defend against is real."""
    joblib.dump(Attack(tmp_path / "it-ran"), path)
    joblib.load(path)
    assert (tmp_path / "it-ran").exists()


@pytest.mark.parametrize(
    "what", [7, [np.arange(3)], {"a": 7}, {7: np.arange(3)}, {"a": {"b": np.arange(2)}}, None]
)
def test_anything_but_arrays_by_name_is_refused(what: Any, path: Path) -> None:
    joblib.dump(what, path)
    with pytest.raises(UnsafeFileError, match="something else"):
        read(path)


def test_a_compressed_file_is_refused(path: Path) -> None:
    joblib.dump({"a": np.arange(9)}, path, compress=3)
    with pytest.raises(UnsafeFileError):
        read(path)


@in_a_folder
@given(data=st.data())
def test_a_file_that_was_cut_or_scratched_gives_arrays_or_is_refused(
    data: st.DataObject, tmp_path: Path
) -> None:
    """Never another error, never anything but arrays: also where no checksum was asked."""
    path = tmp_path / "scratched"
    write({"a": np.arange(9), "b": np.array(["x", "yz"])}, path)
    content = bytearray(path.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        found = read(path)
    except UnsafeFileError:
        return
    assert all(isinstance(array, np.ndarray) and not array.dtype.hasobject for array in found.values())


def test_bytes_at_random_are_refused(path: Path) -> None:
    random = np.random.default_rng(0)
    for length in (0, 1, 2, 50, 5000):
        path.write_bytes(random.bytes(length))
        with pytest.raises(UnsafeFileError):
            read(path)
