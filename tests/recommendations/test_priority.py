"""A training gives way to what answers shoppers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError

from recommendations import tasks
from recommendations.conf import conf
from recommendations.management.commands import train_model
from recommendations.priority import AUTOGROUP, give_way

PROJECT = Path(__file__).resolve().parent.parent.parent


def niceness(code: str, *, started_at: int = 0) -> list[int]:
    """What a process that runs the code prints, started at a niceness of its own."""
    prefix = ["nice", "-n", str(started_at)]
    done = subprocess.run(
        [*prefix, sys.executable, "-c", f"from recommendations.priority import give_way\n{code}"],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [int(word) for word in done.stdout.split()]


def test_a_process_is_lowered_to_the_niceness_once() -> None:
    base = os.getpriority(os.PRIO_PROCESS, 0)
    wanted = min(19, base + 5)
    code = f"print(give_way({wanted}), give_way({wanted}))"
    assert niceness(code) == [wanted, wanted]


def test_one_that_is_lower_already_stays_so() -> None:
    base = os.getpriority(os.PRIO_PROCESS, 0)
    assert niceness("print(give_way(0))", started_at=3) == [min(19, base + 3)]


def test_threads_of_the_training_have_its_priority_too() -> None:
    code = """
import os, threading
give_way(19)
seen = []
thread = threading.Thread(target=lambda: seen.append(os.getpriority(os.PRIO_PROCESS, 0)))
thread.start(); thread.join()
print(*seen)
"""
    assert niceness(code) == [19]


def autogroup(code: str, *, leads: bool) -> int:
    """The niceness of the session's group, as a process of a session of its own sees it in the end."""
    script = f"from recommendations.priority import AUTOGROUP, give_way\n{code}\nprint(AUTOGROUP.read_text())"
    command = [sys.executable, "-c", script]
    # A shell that waits for it leads the session in its place.
    told = subprocess.run(
        command if leads else ["sh", "-c", '"$@"; true', "sh", *command],
        cwd=PROJECT, capture_output=True, text=True, check=True, start_new_session=True,
    ).stdout  # fmt: skip
    found = re.search(r"nice (-?\d+)", told)
    assert found is not None, told
    return int(found[1])


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="sessions are no groups here")
@pytest.mark.parametrize(("leads", "lowered"), [(True, 9), (False, 0)], ids=["leader", "one of many"])
def test_the_session_is_lowered_by_the_process_that_leads_it(leads: bool, lowered: int) -> None:
    """Else a niceness means nothing beside processes of other sessions."""
    wanted = max(lowered, os.getpriority(os.PRIO_PROCESS, 0)) if leads else 0
    assert autogroup("give_way(9)", leads=leads) == wanted
    assert autogroup("give_way(9); give_way(3)", leads=leads) == wanted


def test_a_process_whose_session_is_no_group_gives_way_all_the_same(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("recommendations.priority.AUTOGROUP", tmp_path / "autogroup")
    monkeypatch.setattr(os, "getsid", lambda _pid: os.getpid())
    assert give_way(0) == os.getpriority(os.PRIO_PROCESS, 0)


@pytest.mark.parametrize("setting", [-1, 20])
def test_a_niceness_that_there_is_not_is_refused(setting: int) -> None:
    with pytest.raises(ImproperlyConfigured, match="training_nice must be from 0"):
        replace(conf(), training_nice=setting)


@pytest.mark.django_db
def test_worker_and_command_give_way_before_they_train(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "training_nice": 7}
    given: list[int] = []
    for module in (tasks, train_model):
        monkeypatch.setattr(module, "give_way", given.append)
    tasks.train(123_456)
    with pytest.raises(CommandError):
        call_command("train_model")
    assert given == [7, 7]
    # This process itself has not moved: the tests' own setting is 0.
    assert give_way(0) == os.getpriority(os.PRIO_PROCESS, 0)
