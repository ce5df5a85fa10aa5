"""What a shop runs with is in requirements.txt, not only among the development tools."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
APPS = ("shopreco", "catalog", "recommendations", "feedback")
SOURCES = [
    PROJECT / "manage.py", *(PROJECT / "deploy").glob("*.py"),
    *(path for app in APPS for path in (PROJECT / app).rglob("*.py")),
]  # fmt: skip


def in_requirements() -> set[str]:
    lines = (PROJECT / "requirements.txt").read_text().splitlines()
    return {normal(line.partition("==")[0]) for line in lines if re.match(r"[\w.-]+==", line)}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def preloaded(tree: ast.Module) -> list[str]:
    """What gunicorn's main process imports by name."""
    (told,) = (
        node.value for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "LIBRARIES"
    )  # fmt: skip
    names: list[str] = list(ast.literal_eval(told))
    return names


def lacking(modules: set[str]) -> dict[str, list[str]]:
    """Those of no package in requirements.txt, with the packages that have them here."""
    tops = {name.partition(".")[0] for name in modules} - {*sys.stdlib_module_names, *APPS, "deploy"}
    made_by, pinned = packages_distributions(), in_requirements()
    packages = {top: made_by.get(top, []) for top in tops}
    return {top: names for top, names in packages.items() if not pinned & set(map(normal, names))}


def test_whatever_the_shop_imports_is_installed_with_it() -> None:
    modules = {name for path in SOURCES for name in imported(ast.parse(path.read_text()))}
    assert len(modules) > 200
    assert lacking(modules) == {}


def test_whatever_gunicorn_reads_beforehand_is_installed_with_it() -> None:
    names = preloaded(ast.parse((PROJECT / "deploy" / "gunicorn.conf.py").read_text()))
    assert len(names) > 10
    assert lacking(set(names)) == {}


@pytest.mark.parametrize("name", ["jinja2", "pytest", "flask.app"])
def test_a_development_tool_would_be_found(name: str) -> None:
    assert list(lacking({name, "numpy"})) == [name.partition(".")[0]]
