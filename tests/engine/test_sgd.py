"""The compiled fit of the SVD models: the same model as Surprise's, wherever it runs."""

from __future__ import annotations

import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import surprise
from hypothesis import given, settings
from hypothesis import strategies as st

from recommendations.engine import kernels, sgd
from recommendations.engine.algorithms import svd
from recommendations.engine.algorithms.catalogue import config_from
from recommendations.engine.algorithms.svd import SvdConfig, SvdRanking, SvdRatings, SvdRatingsConfig
from recommendations.engine.sampling import Negatives
from recommendations.engine.types import Interactions, silent
from tests.engine.builders import NONE, interactions, tastes

PROJECT = Path(__file__).resolve().parent.parent.parent
BOTH = [(SvdRanking(), SvdConfig(factors=7, epochs=4)), (SvdRatings(), SvdRatingsConfig(factors=7, epochs=4))]
rows = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 8), st.sampled_from([1.0, 2.5, 4.0, 5.0, NONE])),
    min_size=1, max_size=40,
)  # fmt: skip


class Rows:
    """The least of a trainset that Surprise's SVD reads."""

    def __init__(self, shoppers: int, products: int, mean: float, columns: tuple[Any, Any, Any]) -> None:
        self.n_users, self.n_items, self.global_mean = shoppers, products, mean
        self.columns = columns

    def all_ratings(self):
        yield from zip(*(column.tolist() for column in self.columns), strict=True)


def world_of(drawn: list[tuple[int, int, float]]) -> Interactions:
    return interactions(
        [(shopper, product, stars, 1.0, at) for at, (shopper, product, stars) in enumerate(drawn)],
        catalogue=[97, 98, 99],
    )


@settings(max_examples=40, deadline=None)
@given(
    drawn=rows, factors=st.integers(1, 20), epochs=st.integers(1, 6), seed=st.integers(0, 2**32 - 1),
    rate=st.floats(0.001, 0.1), bias_rate=st.floats(0, 0.1), regularization=st.floats(0, 0.3),
)  # fmt: skip
def test_every_factor_and_bias_is_surprises(
    drawn, factors, epochs, seed, rate, bias_rate, regularization
) -> None:
    shopper = np.array([row[0] for row in drawn], np.int32)
    product = np.array([row[1] for row in drawn], np.int32)
    label = np.array([3.0 if np.isnan(row[2]) else row[2] for row in drawn], np.float32)
    columns = (shopper, product, label)
    theirs = surprise.SVD(
        n_factors=factors, n_epochs=epochs, lr_all=rate, lr_bi=bias_rate, reg_all=regularization,
        random_state=seed,
    ).fit(Rows(7, 9, 3.3, columns))  # fmt: skip
    own = sgd.descent(
        kernels, lambda: columns, shoppers=7, products=9, factors=factors, mean=3.3, epochs=epochs,
        steps=sgd.Steps(rate, rate, bias_rate, regularization), seed=seed, progress=silent,
    )  # fmt: skip
    for mine, its in [
        (own.shoppers, theirs.pu), (own.products, theirs.qi),
        (own.shopper_bias, theirs.bu), (own.product_bias, theirs.bi),
    ]:  # fmt: skip
        np.testing.assert_allclose(mine, its, rtol=1e-9, atol=1e-10)


@settings(max_examples=40, deadline=None)
@given(
    drawn=rows, each=st.integers(1, 6), exponent=st.sampled_from([0.0, 0.25, 1.0, 2.0]),
    seed=st.integers(0, 2**32 - 1), chunk=st.integers(1, 50),
)  # fmt: skip
def test_the_negatives_are_the_very_same_draws(drawn, each, exponent, seed, chunk) -> None:
    world = world_of(drawn)
    labels = np.linspace(0, 1, len(world)).astype(np.float32)
    plain_random, own_random = np.random.default_rng(seed), np.random.default_rng(seed)
    plain = Negatives(world, each=each, popularity_exponent=exponent, random=plain_random)
    own = sgd.CompiledNegatives(kernels, world, each=each, popularity_exponent=exponent, random=own_random)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sgd, "CHUNK", chunk)
        for _epoch in range(3):
            for mine, its in zip(own.among(labels), plain.among(labels), strict=True):
                np.testing.assert_array_equal(mine, its)
    assert own_random.random() == plain_random.random()


def test_negatives_of_no_feedback_are_none() -> None:
    world = tastes().rows(np.zeros(len(tastes()), bool))
    own = sgd.CompiledNegatives(
        kernels, world, each=4, popularity_exponent=0.25, random=np.random.default_rng(0)
    )
    assert [len(column) for column in own.among(np.empty(0, np.float32))] == [0, 0, 0]


@pytest.mark.parametrize(("algorithm", "config"), BOTH, ids=["ranking", "ratings"])
@pytest.mark.parametrize("seed", [0, 1, 12345])
def test_both_solvers_make_the_same_model(algorithm: Any, config: Any, seed: int) -> None:
    """Also where products were never touched and feedback has no stars."""
    world = interactions(
        [(s, p, NONE if (s + p) % 5 == 0 else 1 + (s * p) % 5, 0.3 + 0.1 * (p % 7), s)
         for s in range(30) for p in range(20) if (s * 7 + p * 3) % 4],
        catalogue=[500, 501],
    )  # fmt: skip
    models = [
        algorithm.fit(world, replace(config, solver=solver), seed=seed, progress=silent)
        for solver in (svd.OWN, svd.SURPRISE)
    ]
    for name, mine in models[0].arrays().items():
        np.testing.assert_allclose(mine, models[1].arrays()[name], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("algorithm", "config"), BOTH, ids=["ranking", "ratings"])
def test_the_default_solver_does_not_ask_surprise(algorithm: Any, config: Any, monkeypatch) -> None:
    def refuse(*_arguments: Any, **_options: Any) -> None:
        raise AssertionError("Surprise was asked")

    monkeypatch.setattr(surprise, "SVD", refuse)
    algorithm.fit(tastes(), config, seed=0, progress=silent)
    with pytest.raises(AssertionError, match="Surprise was asked"):
        algorithm.fit(tastes(), replace(config, solver="surprise"), seed=0, progress=silent)


@pytest.mark.parametrize("config_class", [SvdConfig, SvdRatingsConfig])
def test_a_version_from_before_there_was_a_choice_can_be_read(config_class: Any) -> None:
    assert config_from(config_class, {"factors": 12}) == config_class(factors=12)
    assert config_from(config_class, {"solver": "surprise"}).solver == "surprise"
    with pytest.raises(ValueError, match="solver must be 'own' or 'surprise', not 'magic'"):
        config_class(solver="magic")


@pytest.mark.parametrize(("algorithm", "config"), BOTH, ids=["ranking", "ratings"])
def test_progress_is_told_several_times_an_epoch_and_ends_at_one(algorithm: Any, config: Any, monkeypatch):
    monkeypatch.setattr(sgd, "CHUNK", 300)
    told: list[float] = []
    algorithm.fit(tastes(), config, seed=0, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 2 * config.epochs


@pytest.mark.parametrize(("algorithm", "config"), BOTH, ids=["ranking", "ratings"])
def test_work_can_be_interrupted_in_the_middle_of_an_epoch(algorithm: Any, config: Any, monkeypatch) -> None:
    monkeypatch.setattr(sgd, "CHUNK", 100)
    told: list[float] = []

    def interrupt(share: float) -> None:
        told.append(share)
        if len(told) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        algorithm.fit(tastes(), config, seed=0, progress=interrupt)
    assert told[-1] < 1 / config.epochs


def test_ctrl_c_ends_a_long_fit_within_moments(tmp_path: Path) -> None:
    code = """
        import signal
        import numpy as np
        from recommendations.engine import sgd
        # Whoever starts the tests in the background has their children ignore Ctrl-C.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        random = np.random.default_rng(0)
        count = 2_000_000
        columns = (
            random.integers(0, 1000, count, np.int32), random.integers(0, 1000, count, np.int32),
            np.ones(count, np.float32),
        )
        print("starting", flush=True)
        sgd.descent(
            sgd.kernels(), lambda: columns, shoppers=1000, products=1000, factors=100, mean=0.5,
            epochs=10_000, steps=sgd.Steps(0.001, 0.001, 0.001, 0.02), seed=0,
            progress=lambda share: print(share, flush=True),
        )
    """
    child = python(code)
    assert child.stdout is not None
    assert child.stdout.readline() == "starting\n"
    assert float(child.stdout.readline()) < 0.01
    child.send_signal(signal.SIGINT)
    _out, errors = child.communicate(timeout=60)
    assert "KeyboardInterrupt" in errors
    assert child.returncode != 0


def test_without_numba_surprise_fits_the_same_model_and_says_so_once(tmp_path: Path) -> None:
    code = """
        import logging, sys
        logging.basicConfig(format="%(levelname)s %(message)s")
        sys.modules["numba"] = None
        import numpy as np
        from recommendations.engine.algorithms.svd import SvdConfig, SvdRanking, SvdRatings, SvdRatingsConfig
        from recommendations.engine.types import silent
        from tests.engine.builders import tastes
        for _ in range(2):
            ranker = SvdRanking().fit(tastes(), SvdConfig(epochs=2), seed=4, progress=silent)
            SvdRatings().fit(tastes(), SvdRatingsConfig(epochs=2), seed=4, progress=silent)
        np.save(sys.argv[1], ranker.factors)
    """
    child = python(code, str(tmp_path / "factors.npy"))
    _out, errors = child.communicate(timeout=60)
    assert child.returncode == 0, errors
    assert errors.count("WARNING SVD is fitted by Surprise") == 1
    own = SvdRanking().fit(tastes(), SvdConfig(epochs=2), seed=4, progress=silent)
    np.testing.assert_allclose(np.load(tmp_path / "factors.npy"), own.factors, rtol=1e-6)


def test_code_is_kept_beside_the_bytecode_and_used_by_the_next_process(package: Path) -> None:
    assert imported(package) == ""
    kept = sorted((package / "recommendations" / "engine" / "__pycache__").glob("kernels.*.nbi"))
    assert len(kept) == 3
    before = [path.stat().st_mtime_ns for path in kept]
    assert imported(package) == ""
    assert [path.stat().st_mtime_ns for path in kept] == before


def test_a_package_that_cannot_be_written_to_is_compiled_in_memory(package: Path) -> None:
    """As root no mode of a folder forbids writing: a file in its place does."""
    forbid(package)
    told = imported(package, HOME=str(package / "nowhere"))
    assert "compiled code is not kept" in told
    assert not list(package.rglob("*.nbi"))


def test_an_operator_can_say_where_compiled_code_is_kept(package: Path, tmp_path: Path) -> None:
    forbid(package)
    place = tmp_path / "cache"
    assert imported(package, HOME=str(package / "nowhere"), NUMBA_CACHE_DIR=str(place)) == ""
    assert len(list(place.rglob("*.nbi"))) == 3


def test_damaged_compiled_code_is_compiled_anew(package: Path) -> None:
    imported(package)
    for path in package.rglob("*.nb?"):
        path.write_bytes(b"\x80nonsense")
    assert "compiled code is not kept" in imported(package)


def test_numba_is_imported_where_functions_are_compiled_and_by_the_loops_of_a_fit() -> None:
    sources = [
        path for app in ("recommendations", "feedback", "catalog") for path in (PROJECT / app).rglob("*.py")
    ]
    users = [
        path.name for path in sources if re.search(r"^\s*(from|import) numba", path.read_text(), re.MULTILINE)
    ]
    assert sorted(users) == ["compiled_vectors.py", "compiling.py", "kernels.py"]


def test_importing_the_algorithms_does_not_import_the_loops_of_a_fit() -> None:
    code = """
        import sys
        import recommendations.engine.fit, recommendations.engine.artefact, recommendations.engine.searching
        assert "recommendations.engine.kernels" not in sys.modules, "the loops of a fit were imported"
    """
    child = python(code)
    assert child.communicate(timeout=60)[1] == ""


def test_one_line_is_logged_where_the_loops_cannot_be_had(monkeypatch, caplog) -> None:
    def refuse(_name: str) -> None:
        raise ImportError("gone")

    monkeypatch.setattr(sgd, "import_module", refuse)
    sgd.kernels.cache_clear()
    try:
        with caplog.at_level(logging.WARNING):
            assert sgd.kernels() is None
            assert sgd.kernels() is None
        assert [record.message for record in caplog.records] == [
            "SVD is fitted by Surprise, several times slower: numba is not usable (gone)"
        ]
    finally:
        sgd.kernels.cache_clear()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package with nothing but the loops, as an installation of its own."""
    folder = tmp_path / "installed"
    (folder / "recommendations" / "engine").mkdir(parents=True)
    for name in ("__init__.py", "engine/__init__.py", "engine/compiling.py", "engine/kernels.py"):
        shutil.copy(PROJECT / "recommendations" / name, folder / "recommendations" / name)
    return folder


def forbid(package: Path) -> None:
    (package / "recommendations" / "engine" / "__pycache__").write_text("")
    (package / "nowhere").write_text("")


def imported(package: Path, **environment: str) -> str:
    """Import the loops in a process of their own and use one; what was logged."""
    code = """
        import logging
        logging.basicConfig(level=logging.INFO)
        import numpy as np
        from recommendations.engine import compiling, kernels
        compiling.read_all(kernels.__name__)
        mixed = np.empty(1, np.int32), np.empty(1, np.int32), np.empty(1, np.float32)
        one = np.ones(1, np.int32)
        kernels.mix(np.zeros(1, np.int32), one * 4, one * 5, np.ones(1, np.float32) * 6, one, one, *mixed)
        assert [column.item() for column in mixed] == [4, 5, 6]
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=package, capture_output=True, text=True,
        env=clean() | environment, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stderr


def python(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments], cwd=PROJECT, env=clean(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def clean() -> dict[str, str]:
    hidden = {"NUMBA_CACHE_DIR", "PYTHONPATH"}
    return {name: value for name, value in os.environ.items() if name not in hidden}
