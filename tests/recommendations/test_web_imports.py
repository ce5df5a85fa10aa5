"""What only training needs is in no process that serves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent.parent
SERVING = sorted(path.stem for path in (PROJECT / "recommendations" / "serving").glob("[a-z]*.py"))


@pytest.mark.parametrize("library", ["numba", "llvmlite"])
def test_a_process_that_serves_has_no_compiler(library: str, tmp_path: Path) -> None:
    code = f"""
import importlib, sys
import shopreco.wsgi, shopreco.urls
for name in {SERVING!r}:
    importlib.import_module("recommendations.serving." + name)
print({library!r} in sys.modules)
"""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "shopreco.settings.dev", "SHOPRECO_VAR_DIR": str(tmp_path),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["False"]
    assert len(SERVING) > 10
