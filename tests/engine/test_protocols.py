"""What a model can do is found out once for each class."""

from __future__ import annotations

from recommendations.engine.protocols import Explains, FindsTop, can


class Nothing:
    pass


class Something:
    def explain(self, history: object, positions: object) -> None:
        raise NotImplementedError


def test_a_class_is_what_it_says_each_time_it_is_asked() -> None:
    for _ in range(3):
        assert can(Something(), Explains)
        assert not can(Something(), FindsTop)
        assert not can(Nothing(), Explains)
