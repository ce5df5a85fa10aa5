"""After a storm the shop trains once more: what it had begun by itself is waited for, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks import afterwards
from recommendations.management.commands import train_model


class StormyShop:
    """Refuses to train for the first so many reasons."""

    def __init__(self, folder: Path, *refusals: str) -> None:
        (folder / "models").mkdir()
        self.folder, self.refusals = folder, list(refusals)

    def python(self, *words: str) -> str:
        assert words == ("manage.py", "train_model")
        if self.refusals:
            raise RuntimeError(self.refusals.pop(0))
        return "Published"

    def sql(self, *_: object) -> list[tuple[object, ...]]:
        return []


@pytest.fixture(autouse=True)
def at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(afterwards, "come_to_rest", lambda _: True)


def left(shop: Any) -> list[str]:
    return list(afterwards.files_left(shop))


def test_the_command_is_asked_again_while_another_process_trains(tmp_path: Path) -> None:
    shop = StormyShop(
        tmp_path, *(f"manage.py train_model: CommandError: ... {words}." for words in afterwards.BUSY)
    )
    assert left(shop) == []
    assert shop.refusals == []


def test_these_are_the_commands_own_words() -> None:
    source = Path(train_model.__file__).read_text()
    assert all(words in source for words in afterwards.BUSY)


def test_a_training_that_fails_is_no_reason_to_wait(tmp_path: Path) -> None:
    shop = StormyShop(tmp_path, "manage.py train_model: CommandError: The disk is full.")
    with pytest.raises(RuntimeError, match="disk is full"):
        left(shop)


def test_one_that_never_ends_is_told(tmp_path: Path) -> None:
    shop = StormyShop(tmp_path, *["wait for it to end"] * 9)
    with pytest.raises(RuntimeError, match="wait for it to end"):
        left(shop)


def test_what_lies_about_is_found(tmp_path: Path) -> None:
    shop = StormyShop(tmp_path)
    (tmp_path / "models" / "nobodys").mkdir()
    assert left(shop) == ["1 folders of models without a row, such as nobodys"]
