"""recommendations.folder_lock: many may publish at once, one may sweep, and death gives everything back."""

import os
import signal
import subprocess
import sys

import pytest

from recommendations import folder_lock

HOLD = """
import sys, time
from pathlib import Path
from recommendations import folder_lock
with folder_lock.{what}(Path(sys.argv[1])) as got:
    print(got, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def root(tmp_path):
    return tmp_path / "deep" / "models"


@pytest.fixture
def holder(root):
    """Another process that holds the lock, and what it says of it."""
    started = []

    def hold(what):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD.format(what=what), str(root)], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield hold
    for process in started:
        process.kill()
        process.communicate()


def may_sweep(root):
    with folder_lock.sweeping(root) as alone:
        return alone


def test_publishers_do_not_wait_for_each_other(root):
    with folder_lock.publishing(root), folder_lock.publishing(root):
        assert root.is_dir()
        assert not may_sweep(root)
    assert may_sweep(root)


def test_other_processes_are_kept_apart_and_a_killed_one_holds_nothing(root, holder):
    process, _ = holder("publishing")
    assert not may_sweep(root)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert may_sweep(root)


def test_only_one_sweeps(root, holder):
    with folder_lock.publishing(root):
        pass
    _, said = holder("sweeping")
    assert said == "True"
    assert not may_sweep(root)


def test_a_folder_nobody_has_published_to_is_not_swept(root):
    assert not may_sweep(root)


def test_another_users_lock_file_lets_publish_and_not_sweep(root, monkeypatch):
    """What an ordinary user meets; the tests may run as root, who meets no such thing."""
    with folder_lock.publishing(root):
        pass
    opened = os.open

    def refusing(path, flags, *mode):
        if flags & os.O_RDWR:
            raise PermissionError(13, "Permission denied")
        return opened(path, flags, *mode)

    monkeypatch.setattr(os, "open", refusing)
    with folder_lock.publishing(root):
        pass
    assert not may_sweep(root)
