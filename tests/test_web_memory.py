"""What gunicorn's main process reads, so that the web processes share it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.shop import PROJECT

READS = """
import gc, json, os, runpy, sys
os.environ["PROMETHEUS_MULTIPROC_DIR"] = "/nonexistent"
conf = runpy.run_path("deploy/gunicorn.conf.py")
before = set(sys.modules)
conf["on_starting"](None)
from django.conf import settings
read = set(sys.modules) - before
print(json.dumps({"read": sorted(read), "configured": settings.configured, "frozen": gc.get_freeze_count()}))
"""
RELOADS = """
import os, runpy, sys
from pathlib import Path
os.environ["PROMETHEUS_MULTIPROC_DIR"] = "/nonexistent"
path = sys.argv[1] + "/deploy/gunicorn.conf.py"
runpy.run_path(path)["on_starting"](None)
name = "recommendations.engine.compiled_twice"
before = sys.modules[name]

def forked():
    # A reload reads the file again; a process that parts from the main one takes what is in `sys.modules`.
    runpy.run_path(path)["post_fork"](None, None)
    module = __import__(name, fromlist=["twice"])
    return module is before, module.twice(20)

print(*forked())
source = Path(sys.argv[1], "recommendations/engine/compiled_twice.py")
source.write_text(source.read_text().replace("2 *", "3 *  "))
print(*forked())
"""
TWICE = """
from recommendations.engine.compiling import compiled

@compiled("int64(int64)")
def twice(number):
    return 2 * number
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
    assert {"numpy", "numba", "scipy", "django"} <= set(read)
    assert "pandas" not in read, "only training needs it"
    ours = {name for name in read if name.partition(".")[0] in OURS}
    sources = (PROJECT / "recommendations" / "engine").glob("compil*.py")
    compiled = {f"recommendations.engine.{path.stem}" for path in sources}
    assert len(compiled) > 5
    assert ours == compiled | {"recommendations", "recommendations.engine"}
    assert found["configured"] is False


def test_what_was_read_is_left_alone_by_the_garbage_collection() -> None:
    frozen = told()["frozen"]
    assert isinstance(frozen, int)
    assert frozen > 50_000


def test_a_reload_takes_compiled_functions_anew_if_they_changed(tmp_path: Path) -> None:
    engine, deploy = tmp_path / "recommendations" / "engine", tmp_path / "deploy"
    engine.mkdir(parents=True)
    for folder in (engine, engine.parent):
        (folder / "__init__.py").write_text("")
    deploy.mkdir()
    (engine / "compiled_twice.py").write_text(TWICE)
    for name in ("deploy/gunicorn.conf.py", "recommendations/engine/compiling.py"):
        shutil.copy(PROJECT / name, tmp_path / name)
    done = subprocess.run(
        [sys.executable, "-c", RELOADS, str(tmp_path)], capture_output=True, text=True, timeout=120,
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["True 40", "False 60"]
