"""`python -m benchmarks`: every suite in turn, and what failed is told without stopping the others."""

from __future__ import annotations

import importlib.util

import pytest

from benchmarks import __main__ as everything


@pytest.fixture
def suites(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """One that fails (it knows no such option), one that ends well, one that is not there."""
    made = {"failing": "dis", "good": "this", "missing": "benchmarks.not_there"}
    monkeypatch.setattr(everything, "SUITES", made)
    monkeypatch.setattr(everything, "WITH_ROUNDS", {"failing"})
    return made


def test_what_fails_stops_nothing_and_is_told(
    suites: dict[str, str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["benchmarks", "--rounds", "3"])
    assert everything.main() == 1
    told = capfd.readouterr()
    assert "Beautiful is better than ugly" in told.out
    assert "== failing: python -m dis --rounds 3" in told.out
    assert "missing" not in told.out
    assert "Not measured: failing." in told.err


def test_one_suite_can_be_asked_for(
    suites: dict[str, str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["benchmarks", "--only", "good"])
    assert everything.main() == 0
    assert "failing" not in capfd.readouterr().out


@pytest.mark.parametrize("module", everything.SUITES.values())
def test_every_suite_is_there(module: str) -> None:
    assert importlib.util.find_spec(module) is not None
