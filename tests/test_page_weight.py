"""What the pages weigh: the shop's own styles and scripts, all of them together."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from django.conf import settings

OWN = Path(settings.BASE_DIR) / "static" / "site"
TEMPLATES = Path(settings.BASE_DIR) / "templates"
BUDGET = 60_000


def test_own_styles_and_scripts_are_at_most_60_kb_over_all_pages() -> None:
    files = [*OWN.rglob("*.css"), *OWN.rglob("*.js")]
    assert files
    weights = {file.name: len(gzip.compress(file.read_bytes(), 9)) for file in files}
    assert sum(weights.values()) <= BUDGET, weights


def test_every_image_of_every_template_is_lazy_and_has_its_size() -> None:
    found = 0
    for template in TEMPLATES.rglob("*.html"):
        if "admin" in template.parts:
            continue
        for image in re.findall(r"<img\b[^>]*>", re.sub(r"{%.*?%}", "", template.read_text())):
            found += 1
            for attribute in ('loading="lazy"', "width=", "height=", "alt="):
                assert attribute in image, f"{template.name}: {image}"
    assert found > 5


def test_no_template_has_a_style_or_a_script_of_its_own_in_it() -> None:
    for template in TEMPLATES.rglob("*.html"):
        text = template.read_text()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", text), template.name
