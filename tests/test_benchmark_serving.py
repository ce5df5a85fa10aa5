"""benchmarks.serving: its rows one after the other, what fails told, what was measured kept in the table."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import growth, serving
from benchmarks.figures import Figure, Kept
from benchmarks.load import wrk_program
from benchmarks.serving import LARGE, SMALL, Row
from benchmarks.stack import CannotMeasureError, Size


def figure(what: str, *values: float) -> Figure:
    return Figure(what, "x", values, at_least=0.45, aim=0.85)


def good(_stack: Any, rounds: int) -> list[Figure]:
    return [figure("good", *[0.5] * rounds)]


def broken(_stack: Any, _rounds: int) -> list[Figure]:
    raise RuntimeError("7 of 900 requests failed")


def lacking(_stack: Any, _rounds: int) -> list[Figure]:
    raise CannotMeasureError("There is no wrk")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Size]:
    """The sizes of the shops that were made; nothing is started here, only the order of things is tried."""
    sizes: list[Size] = []

    @contextmanager
    def stack(size: Size) -> Iterator[Any]:
        sizes.append(size)
        yield SimpleNamespace(made={"ratings": 1, "fit_seconds": 1.0})

    monkeypatch.setattr(serving, "running_stack", stack)
    monkeypatch.setattr(serving, "wrk_program", lambda: "wrk")
    monkeypatch.setattr(serving, "KEPT", tmp_path / "serving.json")
    monkeypatch.setattr(serving, "TABLE", tmp_path / "serving.md")
    monkeypatch.setattr(growth, "KEPT", tmp_path / "growth.json")
    rows = (Row("broken", SMALL, broken), Row("good", SMALL, good), Row("large", LARGE, good))
    monkeypatch.setattr(serving, "ROWS", rows)
    return sizes


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["serving", *words])
    return serving.main()


def test_a_row_that_fails_stops_none_of_the_others(
    made: list[Size], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--only", "broken", "good", "large", "--rounds", "3") == 1
    assert made == [SMALL, LARGE]
    told = capsys.readouterr()
    assert "7 of 900 requests failed" in told.err
    assert "Not measured: broken." in told.err
    assert serving.TABLE.read_text().count("| good |") == 2


def test_one_row_makes_one_shop_and_leaves_what_was_measured_before(
    made: list[Size], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(monkeypatch, "--only", "large") == 0
    assert run(monkeypatch, "--only", "good", "--rounds", "1") == 0
    assert made == [LARGE, SMALL]
    kept = Kept(serving.KEPT).all()
    assert {name: len(figures[0].values) for name, figures in kept.items()} == {"good": 1, "large": 5}


def test_what_the_machine_lacks_ends_it_with_what_to_do(
    made: list[Size], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serving, "ROWS", (Row("good", SMALL, lacking),))
    assert run(monkeypatch, "--only", "good") == 1
    assert "There is no wrk" in capsys.readouterr().err
    assert not serving.TABLE.exists()


def test_no_shop_is_made_where_there_is_no_wrk(
    made: list[Size], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serving, "wrk_program", wrk_program)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert run(monkeypatch) == 1
    assert "apt-get install wrk" in capsys.readouterr().err
    assert made == []


def test_a_row_nobody_knows_is_refused(made: list[Size], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit):
        run(monkeypatch, "--only", "tea")
