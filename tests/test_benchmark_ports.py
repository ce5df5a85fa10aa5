"""benchmarks.ports: nobody gets a port that somebody has chosen and not yet opened."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from benchmarks import ports
from benchmarks.ports import free_port

CHOOSES = """
import sys
from benchmarks import ports
ports.LOWEST, ports.HIGHEST = {lowest}, {highest}
print(ports.free_port(), flush=True)
sys.stdin.read()
"""


def three_in_a_row() -> range:
    """Free ports that the kernel does not give out."""
    others = ports.given_out_by_the_kernel()
    # After one of this run's own: not where another run of the tests looks at the same time.
    for lowest in range(free_port() + 1, ports.HIGHEST - 1):
        found = range(lowest, lowest + 3)
        if all(ports.is_free(port) and port not in others for port in found):
            return found
    pytest.fail("there are no three free ports in a row")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[range]:
    """The only ports there are to choose from."""
    found = three_in_a_row()
    monkeypatch.setattr(ports, "_claims", [])
    monkeypatch.setattr(ports, "LOWEST", found[0])
    monkeypatch.setattr(ports, "HIGHEST", found[-1])
    yield found
    for claim in ports._claims:
        os.close(claim)


def test_a_port_can_be_opened_and_is_none_of_those_the_kernel_gives_out() -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        pass
    with socket.create_server(("127.0.0.1", 0)) as given_out:
        assert given_out.getsockname()[1] in ports.given_out_by_the_kernel()
    assert port not in ports.given_out_by_the_kernel()


def test_no_port_is_chosen_twice_and_in_the_end_there_is_none(few: range) -> None:
    assert {free_port() for _ in few} == set(few)
    with pytest.raises(OSError, match="no free port"):
        free_port()


def test_a_port_that_somebody_listens_on_is_left_alone(few: range) -> None:
    with socket.create_server(("127.0.0.1", few[1])):
        assert {free_port(), free_port()} == {few[0], few[2]}


def test_what_another_process_has_chosen_is_its_own_until_it_ends(few: range) -> None:
    code = CHOOSES.format(lowest=few[0], highest=few[-1])
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin and other.stdout
        theirs = int(other.stdout.readline())
        assert {free_port(), free_port()} == set(few) - {theirs}
        with pytest.raises(OSError, match="no free port"):
            free_port()
        other.kill()
        other.wait()
    assert free_port() == theirs
