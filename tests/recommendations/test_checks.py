"""recommendations.checks: what a deployment is told of the models' folder."""

from io import StringIO

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError


@pytest.fixture
def root(settings, tmp_path):
    folder = tmp_path / "models"
    folder.mkdir(mode=0o755)
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "artefact_root": folder}
    return folder


def told(*, deploy=True):
    messages = run_checks(include_deployment_checks=deploy)
    return [each.id for each in messages if str(each.id).startswith("recommendations.")]


def test_a_folder_of_the_shops_own_is_fine_and_so_is_one_that_is_not_there_yet(root):
    assert told() == []
    root.rmdir()
    assert told() == []


def test_one_that_everybody_may_write_to_is_warned_of(root):
    root.chmod(0o777)
    assert told() == ["recommendations.W001"]
    assert told(deploy=False) == []


@pytest.mark.parametrize("name", ["MEDIA_ROOT", "STATIC_ROOT"])
def test_one_that_is_served_is_an_error(name, root, settings):
    setattr(settings, name, str(root.parent))
    assert told() == ["recommendations.E001"]
    with pytest.raises(SystemCheckError, match=f"MODEL_DIR lies inside {name}"):
        call_command("check", deploy=True, stdout=StringIO(), stderr=StringIO())


def test_a_link_to_what_is_served_is_seen_through(root, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    (tmp_path / "media" / "models").mkdir(parents=True)
    root.rmdir()
    root.symlink_to(tmp_path / "media" / "models")
    assert told() == ["recommendations.E001"]
