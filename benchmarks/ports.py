"""Ports for servers that open them a while after they were chosen."""

from __future__ import annotations

import secrets
import socket
from pathlib import Path

LOWEST, HIGHEST = 10_000, 65_535
# What was chosen stays claimed until this process ends: sockets that nobody closes.
_claims: list[int] = []


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has and that nobody gets before its server opens it.

    One that the kernel gives out by itself (`bind` to 0) is back in its hands once it was asked for: any
    client's connection may have it next. So it is none of those, and no other process that chooses here gets
    it either. Raises OSError when there is none.
    """
    others = given_out_by_the_kernel()
    mine = [port for port in range(LOWEST, HIGHEST + 1) if port not in others]
    for port in secrets.SystemRandom().sample(mine, k=min(len(mine), 1000)):
        if is_free(port) and _claim(port):
            return port
    raise OSError("no free port was found on 127.0.0.1")


def given_out_by_the_kernel() -> range:
    told = Path("/proc/sys/net/ipv4/ip_local_port_range")
    # The kernel's own default, where it does not say.
    first, last = map(int, told.read_text().split()) if told.exists() else (32_768, 60_999)
    return range(first, last + 1)


def _claim(port: int) -> bool:
    """Have a name that only one process can have, and that is free again when it ends, however it ends."""
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0shopreco-port-{port}")
    except OSError:
        claim.close()
        return False
    _claims.append(claim.detach())
    return True


def is_free(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
