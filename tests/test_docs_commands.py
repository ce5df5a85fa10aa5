"""What the documents tell people to type exists, with the options they name."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class

ROOT = Path(settings.BASE_DIR)
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
# Options of Django's own commands are Django's to test; these are ours.
OURS = {name for name, app in get_commands().items() if not str(app).startswith("django.")}


def typed_lines() -> list[tuple[str, str]]:
    """(document, line) of every line in a code block that is meant to be typed."""
    lines = []
    for document in DOCUMENTS:
        fenced = False
        for line in document.read_text().splitlines():
            if line.startswith("```"):
                fenced = not fenced
            elif fenced or line.startswith("    "):
                lines.append((document.name, line.split(" #")[0].strip()))
    return lines


def manage_lines() -> list[tuple[str, list[str]]]:
    """(document, words after manage.py) of the typed lines."""
    return [
        (document, shlex.split(line.split("manage.py", 1)[1]))
        for document, line in typed_lines()
        # A line that explains the form itself has words in its place.
        if "manage.py" in line and "FORMAT" not in line
    ]


def test_there_is_something_to_check():
    assert len(manage_lines()) > 10


@pytest.mark.parametrize(("document", "words"), manage_lines(), ids=lambda value: " ".join(value))
def test_every_management_command_of_the_documents_takes_what_they_give_it(document, words):
    words = [word for word in words if word not in {"...", "\\"}]
    assert words[0] in get_commands(), f"{document} names a command that is not there"
    if words[0] in OURS:
        command = load_command_class(get_commands()[words[0]], words[0])
        command.create_parser("manage.py", words[0]).parse_args(words[1:])


def test_every_make_target_of_the_documents_is_in_the_makefile():
    text = "\n".join(document.read_text() for document in DOCUMENTS)
    named = set(re.findall(r"(?:`|^ {4}|=\S+ )make ([a-z-]+)", text, re.MULTILINE))
    assert {"run", "test", "help"} <= named
    assert named <= TARGETS


def test_every_file_the_documents_link_to_is_there():
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", document.read_text()):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_every_variable_of_the_operations_page_is_read_somewhere():
    page = (ROOT / "docs" / "operations.md").read_text()
    source = "\n".join(path.read_text() for path in (ROOT / "shopreco").rglob("*.py"))
    table = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    names = {name for cell in table for name in re.findall(r"`([A-Z_]+)`", cell)}
    assert len(names) > 15
    assert not {name for name in names if f'"{name}"' not in source}


def test_every_variable_that_is_read_is_on_the_operations_page():
    page = (ROOT / "docs" / "operations.md").read_text()
    sources = [*(ROOT / "shopreco" / "settings").glob("*.py"), ROOT / "shopreco" / "run.py"]
    read = {name for path in sources for name in re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', path.read_text())}
    # DEBUG is for people who work on the code; the page is for those who run it.
    assert not {name for name in read - {"DEBUG"} if f"`{name}`" not in page}
