"""Functions that are compiled: kept, found again, compiled anew, or left as they are."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent.parent
TWICE = """
from recommendations.engine.compiling import compiled

@compiled("int64(int64)")
def twice(number):
    return 2 * number
"""
MORE = """
from recommendations.engine.compiled_twice import twice
from recommendations.engine.compiling import compiled

@compiled("int64(int64)")
def more(number):
    return twice(number) + 1
"""
READ_ONLY = """
import tempfile
# As root no mode of a folder forbids writing.
write = tempfile.TemporaryFile
def refuse(*arguments, dir=None, **options):
    if str(dir).endswith("__pycache__"):
        raise PermissionError(13, "Permission denied", dir)
    return write(*arguments, dir=dir, **options)
tempfile.TemporaryFile = refuse
import os
def nowhere(path, *_):
    raise PermissionError(13, "Permission denied", str(path))
from numba.core.caching import IndexDataCacheFile
IndexDataCacheFile._open_for_write = lambda self, path: nowhere(path)
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """An installation with two compiled modules, one of which uses the other."""
    engine = tmp_path / "installed" / "recommendations" / "engine"
    engine.mkdir(parents=True)
    for folder in (engine, engine.parent):
        (folder / "__init__.py").write_text("")
    (engine / "compiling.py").write_text((PROJECT / "recommendations/engine/compiling.py").read_text())
    (engine / "compiled_twice.py").write_text(TWICE)
    (engine / "compiled_more.py").write_text(MORE)
    return tmp_path / "installed"


def asked(package: Path, *, first: str = "", **environment: str) -> tuple[str, str]:
    """(what more(20) is and where each came from, what was logged) in a process of its own."""
    code = first + textwrap.dedent("""
        import logging
        logging.basicConfig(level=logging.INFO)
        from recommendations.engine.compiled_more import more
        from recommendations.engine.compiling import is_compiled
        hits = sum(more.machine_code.stats.cache_hits.values()) if is_compiled(more) else 0
        print(more(20), is_compiled(more), hits)
    """)
    hidden = {"NUMBA_CACHE_DIR", "PYTHONPATH", "NUMBA_CACHE_LOCATOR_CLASSES"}
    clean = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=package, capture_output=True, text=True, timeout=120,
        env=clean | {"HOME": str(package / "home")} | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip(), done.stderr


def test_the_next_process_uses_what_was_compiled(package: Path) -> None:
    assert asked(package) == ("41 True 0", "")
    assert len(list(package.rglob("__pycache__/*.nbi"))) == 2
    assert asked(package) == ("41 True 1", "")


def test_nothing_is_compiled_before_it_is_called_and_each_once(package: Path) -> None:
    code = textwrap.dedent("""
        from concurrent.futures import ThreadPoolExecutor
        import numba
        made, make = [], numba.njit
        def noted(*arguments, **options):
            def by(function):
                made.append(function.__name__)
                return make(*arguments, **options)(function)
            return by
        numba.njit = noted
        from recommendations.engine.compiled_more import more
        print(made, end=" ")
        with ThreadPoolExecutor(4) as pool:
            print(set(pool.map(more, [20] * 4)), sorted(made), more.__name__)
    """)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=package, check=True, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == "[] {41} ['more', 'twice'] more"


def test_a_process_that_serves_has_all_it_imported_read(package: Path) -> None:
    command = "from recommendations.engine import compiled_more, compiling"
    for code, kept in ((command, 0), (f"{command}; compiling.read_all()", 2)):
        subprocess.run([sys.executable, "-c", code], cwd=package, check=True, timeout=120)
        assert len(list(package.rglob("__pycache__/*.nbi"))) == kept


def test_who_imports_a_function_that_was_read_calls_the_machine_code_itself(package: Path) -> None:
    code = """if True:
        from recommendations.engine import compiled_more, compiled_twice, compiling
        before = compiled_more.more
        compiling.read_all("recommendations.engine.compiled_more")
        from recommendations.engine.compiled_more import more
        print(type(before).__name__, type(more).__name__, type(compiled_twice.twice).__name__)
        print(before(20), more(20), compiling.is_compiled(more), more is before.machine_code)
    """
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=package, check=True, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.splitlines() == ["Compiled CPUDispatcher Compiled", "41 41 True True"]


def test_what_an_installation_compiled_is_used_where_nothing_can_be_written(package: Path) -> None:
    assert asked(package)[0] == "41 True 0"
    assert asked(package, first=READ_ONLY) == ("41 True 1", "")


def test_other_code_where_nothing_can_be_written_is_compiled_in_memory(package: Path) -> None:
    asked(package)
    source = package / "recommendations/engine/compiled_more.py"
    source.write_text(MORE.replace("+ 1", "+ 2"))
    told, logged = asked(package, first=READ_ONLY)
    assert told == "42 True 0"
    assert "compiled code is not kept" in logged


def test_whoever_installs_can_have_everything_compiled(package: Path) -> None:
    command = "from recommendations.engine import compiling; compiling.compile_all()"
    for place in ("docs/operations.md", "deploy/Dockerfile"):
        assert command in (PROJECT / place).read_text()
    subprocess.run([sys.executable, "-c", command], cwd=package, check=True, timeout=120)
    assert asked(package, first=READ_ONLY) == ("41 True 1", "")


def test_a_function_is_compiled_anew_when_one_it_uses_changes(package: Path) -> None:
    asked(package)
    source = package / "recommendations/engine/compiled_twice.py"
    source.write_text(TWICE.replace("2 *", "3 *"))
    assert asked(package) == ("61 True 0", "")


def test_without_numba_functions_stay_python_and_one_line_says_so(package: Path) -> None:
    told, logged = asked(package, first='import sys; sys.modules["numba"] = None')
    assert told == "41 False 0"
    assert logged.count("lists are computed without numba") == 1


def test_a_list_without_numba_is_the_same_and_takes_no_loops() -> None:
    code = """
        import sys
        if sys.argv[1] == "without":
            sys.modules["numba"] = None
        import numpy as np
        from recommendations.engine.algorithms import latent
        from recommendations.engine.factors import ItemFactors
        from recommendations.engine.types import History, Prior, Vocabulary
        random = np.random.default_rng(0)
        table = ItemFactors.of(
            random.normal(size=900).astype(np.float32), random.normal(size=(900, 20)).astype(np.float32)
        )
        model = latent.FoldInRanker(Vocabulary(np.arange(900)), table, unobserved=0.1, regularization=1.0)
        ones = np.ones(30, np.float32)
        own = History(np.arange(30), ones, ones, np.arange(30))
        prior = Prior(random.random(900).astype(np.float32), 0.5)
        found = model.top_of(own, 50, exclude=np.arange(30, dtype=np.int32), prior=prior)
        print(latent.IS_COMPILED, found.positions.tolist(), [f"{score:.4f}" for score in found.scores])
    """
    told = [
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code), way], cwd=PROJECT, capture_output=True, text=True,
            timeout=120, check=True,
        ).stdout.split(" ", 1)
        for way in ("with", "without")
    ]  # fmt: skip
    assert [way for way, _ in told] == ["True", "False"]
    assert told[0][1] == told[1][1]
