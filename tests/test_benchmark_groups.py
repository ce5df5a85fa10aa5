"""A group that has only the time others leave, for who is measured beside it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.groups import ROOTS, idle_group


def test_where_no_group_can_be_made_there_is_none(tmp_path: Path) -> None:
    # An ordinary folder has no file that says how its processes share the processor.
    with idle_group((tmp_path / "missing", tmp_path)) as group:
        assert group is None
    assert not list(tmp_path.iterdir())


def test_a_process_is_put_into_the_group_which_goes_after_it() -> None:
    with idle_group() as group:
        if group is None:
            pytest.skip("no control group can be made here")
        assert (group.parent / "cpu.idle").read_text().strip() == "1"
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
            group.write_text(str(child.pid))
            assert group.read_text().split() == [str(child.pid)]
            child.communicate(b"\n")
    assert not any(list(root.glob("shopreco-bench-*")) for root in ROOTS)
