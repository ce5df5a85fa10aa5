"""Many short texts in one: each comes out as it was put in, until it does not hold any more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from catalog.packed import Packed, packed

TEXTS = st.dictionaries(st.integers(-5, 60), st.text(max_size=12))


def of(texts: dict[int, str], size: int = 3) -> Packed:
    rows = sorted(texts.items())
    return packed([rows[start : start + size] for start in range(0, len(rows), size)])


@given(TEXTS, st.lists(st.integers(-10, 70)), st.integers(1, 5))
def test_what_was_put_in_comes_out_and_nothing_else(
    texts: dict[int, str], asked: list[int], size: int
) -> None:
    found = of(texts, size)
    assert found.of(asked) == {pk: texts[pk] for pk in asked if pk in texts}
    assert len(found) == len(texts)


@given(TEXTS, st.lists(st.integers(-10, 70)))
def test_what_does_not_hold_any_more_is_not_there(texts: dict[int, str], gone: list[int]) -> None:
    before = of(texts)
    after = before.without(gone)
    assert after.of(sorted(texts)) == {pk: text for pk, text in texts.items() if pk not in gone}
    assert before.of(sorted(texts)) == texts, "whoever has the earlier ones keeps them"
    assert after.without(texts).of(sorted(texts)) == {}


def test_of_nothing_there_is_nothing() -> None:
    nothing = packed([])
    assert nothing.of([]) == nothing.of([1, 2]) == nothing.without([3]).of([3]) == {}
