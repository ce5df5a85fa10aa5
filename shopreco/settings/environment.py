"""How the settings read the environment and `.env`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from environs import Env

# For these nothing is a value: no sign before a price, no signal that ages, a port that is none.
MAY_BE_EMPTY = frozenset({"CURRENCY", "HALF_LIFE_DAYS", "PORT"})


class Environment(Env):
    """A variable that is set to nothing is as good as not set: its default holds.

    `REDIS_URL=` in a file of variables, or `${REDIS_URL:-}`, means that there is none.
    """

    def listed(self, name: str, default: Sequence[str] = ()) -> list[str]:
        """The words between commas, without the spaces around them and without those that are empty."""
        words = self.str(name, ",".join(default)).split(",")
        return [word.strip() for word in words if word.strip()]

    def _get_value(self, env_key: str, default: Any) -> Any:
        value = super()._get_value(env_key, default)
        if isinstance(value, str) and not value.strip() and env_key not in MAY_BE_EMPTY:
            return default
        return value
