"""What only a fit needs is in no process that serves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent.parent
SERVING = sorted(path.stem for path in (PROJECT / "recommendations" / "serving").glob("[a-z]*.py"))


@pytest.mark.parametrize(("module", "is_there"), [
    ("recommendations.engine.kernels", False), ("surprise", False),
    ("recommendations.engine.compiling", True),
])  # fmt: skip
def test_a_process_that_serves_has_the_compiled_lists_and_nothing_of_fitting(
    module: str, is_there: bool, tmp_path: Path
) -> None:
    code = f"""
import importlib, sys
import shopreco.wsgi, shopreco.urls
for name in {SERVING!r}:
    importlib.import_module("recommendations.serving." + name)
print({module!r} in sys.modules)
"""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "shopreco.settings.dev", "SHOPRECO_VAR_DIR": str(tmp_path),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(is_there)]
    assert len(SERVING) > 10
