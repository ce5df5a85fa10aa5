"""`python -m shopreco.tied COMMAND...`: run a command that ends when the process that started it ends.

A supervisor that is killed outright cannot stop its children; on Linux the kernel then does it for it.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def tie_to_parent() -> None:
    """Ask the kernel for SIGTERM at the parent's death; elsewhere than on Linux nothing happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    parent = os.getppid()
    tie_to_parent()
    if os.getppid() != parent:
        sys.exit(1)  # the parent died between the two lines
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - the command line of deploy/supervisord.conf
