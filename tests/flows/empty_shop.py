"""An empty database of either kind, and the programs that play a scene in it in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import starter

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]


@dataclass(frozen=True)
class EmptyShop:
    """A folder for the shop's files and the DATABASE_URL of its database. There is no Redis."""

    folder: Path
    url: str

    def play(
        self,
        program: str,
        *words: str,
        before: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """What the program of this folder prints. before: a command that starts it. Fails where it fails."""
        own = {
            "DATABASE_URL": self.url, "SHOPRECO_VAR_DIR": str(self.folder), "PYTHONPATH": str(PROJECT),
            "DJANGO_SETTINGS_MODULE": "shopreco.settings.test",
            "REDIS_URL": f"unix://{self.folder / 'no-redis.sock'}",
        }  # fmt: skip
        command, whole = [str(HERE / program), *words], os.environ | own | dict(environment or {})
        if not before:
            done = starter.python(command, whole)
        else:
            done = subprocess.run(
                [*before, sys.executable, *command], env=whole, capture_output=True, text=True,
                timeout=starter.SECONDS,
            )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout
