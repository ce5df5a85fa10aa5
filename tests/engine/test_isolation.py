"""The engine stands on its own: it can be used, and tested, without the shop around it."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

from recommendations import engine

ROOT = Path(engine.__file__).parent
MODULES = [module.name for module in pkgutil.walk_packages([str(ROOT)], "recommendations.engine.")]
SOURCES = sorted(ROOT.rglob("*.py"))


def test_every_module_is_importable_without_any_framework() -> None:
    code = f"""
import importlib, sys
for name in {MODULES!r}:
    importlib.import_module(name)
loaded = {{name.split(".")[0] for name in sys.modules}}
frameworks = {{"django", "celery", "kombu", "redis", "rest_framework"}}
print(sorted(loaded & (frameworks | {{"catalog", "feedback", "shopreco"}})))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert len(MODULES) > 15


@pytest.mark.parametrize("library", ["surprise", "joblib"])
def test_a_library_is_imported_in_one_file_only(library: str) -> None:
    users = [path.name for path in SOURCES if f"import {library}" in path.read_text()]
    assert users == [{"surprise": "svd.py", "joblib": "array_file.py"}[library]]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_files_stay_small_and_pickle_nothing(path: Path) -> None:
    text = path.read_text()
    assert "import pickle" not in text
    assert len(text.splitlines()) <= 400
