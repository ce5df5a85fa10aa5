"""What gunicorn's main process reads, so that the web processes share it."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.shop import PROJECT

READS = """
import gc, json, os, runpy, sys
os.environ["PROMETHEUS_MULTIPROC_DIR"] = "/nonexistent"
conf = runpy.run_path("deploy/gunicorn.conf.py")
before = set(sys.modules)
conf["on_starting"](None)
from django.conf import settings
read = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps({"read": sorted(read), "configured": settings.configured, "frozen": gc.get_freeze_count()}))
"""
OURS = {"shopreco", "recommendations", "feedback", "catalog"}


def told() -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", READS], capture_output=True, text=True, timeout=120, cwd=PROJECT
    )
    assert done.returncode == 0, done.stderr
    read: dict[str, object] = json.loads(done.stdout)
    return read


def test_the_main_process_reads_libraries_and_nothing_that_a_reload_should_take_anew() -> None:
    found = told()
    read = found["read"]
    assert isinstance(read, list)
    assert {"numpy", "scipy", "django"} <= set(read)
    assert not OURS & set(read)
    assert "pandas" not in read, "only training needs it"
    assert found["configured"] is False


def test_what_was_read_is_left_alone_by_the_garbage_collection() -> None:
    frozen = told()["frozen"]
    assert isinstance(frozen, int)
    assert frozen > 50_000
