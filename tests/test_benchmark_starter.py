"""Commands forked by a process that has the libraries: each is one of its own all the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks import starter
from benchmarks.shop import manage

FEW = {"PATH": "/usr/bin:/bin", "WORD": "own"}
SEEN = "import os, sys; print(sorted(os.environ), os.getcwd(), sys.argv, sys.path[0], __name__)"


def test_it_has_the_environment_folder_and_words_that_it_was_given() -> None:
    done = starter.python(["-c", SEEN, "one", "two"], FEW)
    told = f"['PATH', 'WORD'] {starter.PROJECT} ['-c', 'one', 'two'] {starter.PROJECT} __main__\n"
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.replace("'LC_CTYPE', ", "") == told


def test_a_module_is_run_as_python_runs_it() -> None:
    done = starter.python(["-m", "base64", "-e", "LICENSE"], FEW)
    expected = subprocess.run(
        [sys.executable, "-m", "base64", "-e", "LICENSE"], cwd=starter.PROJECT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, expected.stdout)
    wrong = starter.python(["-m", "json.tool", "LICENSE"], FEW)
    assert wrong.returncode == 1 and "Traceback" not in wrong.stderr


@pytest.mark.parametrize(("code", "expected"), [
    ("import sys; print('said'); sys.exit(3)", 3), ("import sys; print('said'); sys.exit('why')", 1),
    ("import os; print('said', flush=True); os.kill(os.getpid(), 9)", -9), ("print('said')", 0),
    ("import os; os.write(1, b'said\\n'); os._exit(4)", 4),
])  # fmt: skip
def test_its_output_and_exit_code_are_told(code: str, expected: int) -> None:
    done = starter.python(["-c", code], FEW)
    assert (done.stdout, done.returncode) == ("said\n", expected)


def test_what_hangs_is_ended() -> None:
    code = "import signal, time; print(signal.alarm(1) > 800, flush=True); time.sleep(60)"
    done = starter.python(["-c", code], FEW)
    assert (done.stdout, done.returncode) == ("True\n", -signal.SIGALRM)


def test_an_error_is_told_as_python_tells_it() -> None:
    done = starter.python(["-c", "raise ValueError('why')"], FEW)
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback") and done.stderr.endswith("ValueError: why\n")


def test_none_has_what_another_imported_or_set() -> None:
    code = "import os, sys; print('fractions' in sys.modules, os.environ.get('MORE'))"
    more = "import fractions, os; os.environ['MORE'] = 'x'; "
    told = [starter.python(["-c", each], FEW).stdout for each in (more + code, code)]
    assert told == ["True x\n", "False None\n"]


def test_nothing_of_the_shop_is_read_beforehand_and_no_settings() -> None:
    code = """if True:
        import sys
        from django.conf import settings
        ours = ("catalog", "feedback", "recommendations", "shopreco")
        print([name for name in sys.modules if name.partition(".")[0] in ours], settings.configured)
    """
    assert starter.python(["-c", code], FEW).stdout == "[] False\n"


def test_several_run_at_once() -> None:
    words = ["-c", "import os, time; time.sleep(0.2); print(os.getpid())"]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: starter.python(words, FEW), range(4)))
    pids = {int(each.stdout) for each in done}
    assert len(pids) == 4 and os.getpid() not in pids


def test_a_command_says_what_it_says_when_started_by_itself(tmp_path: Path) -> None:
    environment = FEW | {
        "DJANGO_SETTINGS_MODULE": "shopreco.settings.dev", "SHOPRECO_VAR_DIR": str(tmp_path),
        "LOG_LEVEL": "ERROR",
    }  # fmt: skip
    for words in (["train_model", "--algorithm", "magic"], ["nonsense"], ["version"]):
        alone = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=starter.PROJECT, env=environment, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        done = starter.python(["manage.py", *words], environment)
        assert (done.returncode, done.stdout, done.stderr) == (alone.returncode, alone.stdout, alone.stderr)


def test_a_command_that_fails_is_no_output(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as failed:
        manage(tmp_path, "train_model", "--algorithm", "magic")
    assert "magic" in failed.value.stderr


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc here")
def test_it_ends_with_whoever_started_it() -> None:
    code = """if True:
        import os
        from benchmarks import starter
        code = "import os; print(open(f'/proc/{os.getppid()}/stat').read().split()[3])"
        print(starter.python(["-c", code], dict(os.environ)).stdout)
    """
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=starter.PROJECT, capture_output=True, text=True, timeout=60,
        check=True,
    )  # fmt: skip
    assert not Path(f"/proc/{int(done.stdout)}").exists()
