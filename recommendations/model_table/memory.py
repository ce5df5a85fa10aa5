"""How much memory work took, at its peak."""

from __future__ import annotations

import contextlib
import resource
import sys
from pathlib import Path

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
RESET_PEAK = "5"


class Peak:
    """The peak resident memory of this process, since the last reset where Linux lets it be reset."""

    def __init__(self) -> None:
        self._highest = 0.0

    def reset(self) -> None:
        """Forget the peak so far; `overall` remembers it."""
        self._highest = self.overall
        with contextlib.suppress(OSError):
            CLEAR.write_text(RESET_PEAK)

    @property
    def megabytes(self) -> float:
        """Since the last reset."""
        with contextlib.suppress(OSError):
            for line in STATUS.read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return round(int(line.split()[1]) / 1024, 1)
        unit = 1024**2 if sys.platform == "darwin" else 1024
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)

    @property
    def overall(self) -> float:
        """Since this object was made."""
        return max(self._highest, self.megabytes)
