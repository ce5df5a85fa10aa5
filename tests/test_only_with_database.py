"""On another database the tests run that use one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
TESTS = """
import pytest
from django.test import Client

def test_of_numbers(): ...
def test_of_a_client_alone(client: Client): ...

@pytest.mark.django_db
def test_by_its_mark(): ...

class TestOfAll:
    pytestmark = pytest.mark.django_db
    def test_by_the_mark_of_its_class(self): ...

@pytest.fixture
def shop(transactional_db): ...

def test_by_a_fixture_of_a_fixture(shop): ...
"""


def collected(folder: Path, **environment: str) -> set[str]:
    (folder / "test_made_up.py").write_text(TESTS)
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "--collect-only", "-p", "tests.conftest",
            f"--rootdir={PROJECT}", f"--config-file={PROJECT / 'pyproject.toml'}", str(folder),
        ],
        cwd=PROJECT, env=os.environ | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return {line.rpartition("::")[2] for line in done.stdout.splitlines() if "::" in line}


WITH = {"test_by_its_mark", "test_by_the_mark_of_its_class", "test_by_a_fixture_of_a_fixture"}
WITHOUT = {"test_of_numbers", "test_of_a_client_alone"}


def test_what_uses_none_is_left_out_where_that_is_asked_for(tmp_path: Path) -> None:
    assert collected(tmp_path, ONLY_WITH_DATABASE="1") == WITH


def test_else_everything_runs(tmp_path: Path) -> None:
    assert collected(tmp_path, ONLY_WITH_DATABASE="") == WITH | WITHOUT
