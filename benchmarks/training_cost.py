"""What one measurement of a training tells; shared by who measures and who writes it down."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Cost:
    """seconds, cpu: of all parts together. peak_mb: of the whole process. before_mb: before it began."""

    rows: int = 0
    parts: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    cpu: float = 0.0
    peak_mb: float = 0.0
    before_mb: float = 0.0
