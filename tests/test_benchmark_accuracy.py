"""The accuracy page: measured data set by data set, each replacing its own section."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import accuracy
from benchmarks.accuracy import NAMES, RANKINGS, RATINGS_NAME, RATINGS_TITLE, report, sections_of

PAGE = report({"beauty-5core": "figures\n\n- of beauty", RATINGS_TITLE: "```\nold\n```"})


def test_a_page_is_taken_apart_into_what_it_was_made_of() -> None:
    assert sections_of(PAGE) == {"beauty-5core": "figures\n\n- of beauty", RATINGS_TITLE: "```\nold\n```"}
    assert report(sections_of(PAGE)) == PAGE


def test_the_page_of_the_repository_has_a_section_of_every_data_set() -> None:
    kept = sections_of(accuracy.TABLE.read_text(encoding="utf-8"))
    assert list(kept) == [*(ranking.name for ranking in RANKINGS), RATINGS_TITLE]


def test_sections_stand_in_the_order_of_the_data_sets() -> None:
    made = report({RATINGS_TITLE: "r", "online-retail": "o", "movielens1m-m1": "m"})
    assert list(sections_of(made)) == ["movielens1m-m1", "online-retail", RATINGS_TITLE]


def test_nothing_is_read_from_an_empty_page() -> None:
    assert sections_of("") == {}
    assert sections_of("# Accuracy\n\nwords\n") == {}


def table(name: str) -> dict[str, Any]:
    estimate = {"value": 0.25, "low": 0.2, "high": 0.3}
    figures = next(ranking.figures for ranking in RANKINGS if ranking.name == name)
    return {
        "protocol": {
            "split": "last", "train_rows": 1_000, "products": 50, "test_shoppers": 9, "trials": 7,
            "seconds": 12.5, "budget_seconds": 600.0, "peak_mb": 300.0, "seed": 0,
        },
        "results": [
            {
                "algorithm": "ease", "chosen": True, "config": {"regularization": 5.0}, "chosen_by": "ndcg",
                "fit_seconds": 1.0, "score_seconds": 2.0, "peak_mb": 300.0,
                "metrics": dict.fromkeys(figures, estimate),
            }
        ],
    }  # fmt: skip


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page on disk, and commands that answer at once."""
    path = tmp_path / "accuracy.md"
    path.write_text(PAGE, encoding="utf-8")
    monkeypatch.setattr(accuracy, "TABLE", path)

    def manage(_folder: Path, command: str, *arguments: str) -> str:
        if command == "evaluate_models":
            out = Path(arguments[arguments.index("--json") + 1])
            out.write_text(json.dumps(table(out.stem)))
        return f"{command} was run"

    monkeypatch.setattr(accuracy, "manage", manage)
    return path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["accuracy", "folder", *arguments])
    accuracy.main()


def test_only_the_named_section_is_measured_again(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, "--only", "online-retail")
    found = sections_of(page.read_text())
    assert found["beauty-5core"] == "figures\n\n- of beauty"
    assert found[RATINGS_TITLE] == "```\nold\n```"
    assert "| **ease** (chosen) | 0.2500 [0.2000, 0.3000] |" in found["online-retail"]
    assert "12.5 s of 600" in found["online-retail"]
    assert set(found) == {"beauty-5core", "online-retail", RATINGS_TITLE}


def test_predicted_ratings_can_be_measured_alone(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, "--only", RATINGS_NAME)
    found = sections_of(page.read_text())
    assert "evaluate_ratings was run" in found[RATINGS_TITLE]
    assert found["beauty-5core"] == "figures\n\n- of beauty"


def test_all_are_measured_where_none_is_named(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch)
    assert len(sections_of(page.read_text())) == len(NAMES)


def test_a_name_that_is_none_is_refused(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit):
        run(monkeypatch, "--only", "netflix")
    assert page.read_text() == PAGE
