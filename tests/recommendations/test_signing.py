"""recommendations.signing and `manage.py sign_models`: only what a known key has signed is served."""

from importlib import import_module
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import joblib
import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from recommendations import registry, signing
from recommendations.engine import artefact
from recommendations.models import ModelVersion
from recommendations.registry import ArtefactError
from recommendations.serving.index import live_model
from tests.shops import make_shop, publish_model

pytestmark = pytest.mark.django_db
NEW, OLD = "a-new-key-" * 6, "an-old-key-" * 6
migration = import_module("recommendations.migrations.0004_model_signature")


@pytest.fixture
def version():
    make_shop()
    return publish_model()


def served():
    model = live_model()
    return model and model.version


def sign_models(*arguments):
    out, err = StringIO(), StringIO()
    try:
        call_command("sign_models", *arguments, stdout=out, stderr=err)
    except CommandError as error:
        return f"{out.getvalue()}{err.getvalue()}{error}"
    return out.getvalue()


def unsign(version):
    ModelVersion.objects.filter(pk=version.pk).update(signature="")
    version.refresh_from_db()


class TestKeys:
    def test_without_a_key_of_its_own_it_is_made_of_the_secret_key(self, settings):
        settings.SECRET_KEY = NEW
        first, *rest = signing.keys()
        assert len(first) == 32 and rest == []
        assert NEW.encode() not in first
        settings.MODEL_SIGNING_KEY = NEW
        assert signing.keys() == (first,), "a former SECRET_KEY can be listed as an old signing key"

    def test_former_keys_are_believed_and_the_present_one_comes_first(self, settings):
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]
        new, old = signing.keys()
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = OLD, []
        settings.MODEL_SIGNING_KEYS_OLD = [NEW]
        assert signing.keys() == (old, new)

    def test_with_a_key_of_its_own_the_secret_key_signs_nothing(self, settings):
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = OLD, [OLD]
        settings.MODEL_SIGNING_KEY = NEW
        assert len(signing.keys()) == 1


class TestLoading:
    def test_a_version_of_before_a_new_key_is_refused_with_advice(self, version, settings):
        settings.MODEL_SIGNING_KEY = NEW
        with pytest.raises(ArtefactError, match=r"a key that is not known.*sign_models.*KEYS_OLD"):
            registry.load(version)

    def test_it_is_served_while_the_former_key_is_listed(self, version, settings):
        settings.MODEL_SIGNING_KEY, settings.MODEL_SIGNING_KEYS_OLD = NEW, [settings.SECRET_KEY]
        assert served() == version.pk

    def test_an_unsigned_version_is_refused_and_the_previous_one_serves(self, version, caplog):
        second = publish_model()
        unsign(second)
        assert served() == version.pk
        assert "has not been signed" in caplog.text and "sign_models" in caplog.text

    def test_it_is_served_as_soon_as_it_is_signed(self, version):
        unsign(version)
        assert served() is None
        sign_models()
        assert served() == version.pk

    def test_an_unsigned_version_is_not_made_live(self, version):
        publish_model()
        unsign(version)
        with pytest.raises(ArtefactError, match="sign_models"):
            registry.make_live(version, now=version.created_at)

    def test_who_writes_folder_and_row_but_has_no_key_runs_nothing(self, version, settings, tmp_path):
        """The whole attack: another arrays file, a manifest to it, and its checksum in the database."""
        folder = tmp_path / "models" / version.folder
        arrays, manifest = folder / artefact.ARRAYS, folder / artefact.MANIFEST
        before, mark = artefact._sha256(arrays), tmp_path / "it-ran"
        joblib.dump({"products": Mark(mark)}, arrays)
        manifest.write_text(manifest.read_text().replace(before, artefact._sha256(arrays)))
        ModelVersion.objects.update(sha256=artefact._sha256(manifest))
        assert served() is None
        assert not mark.exists()


class Mark:
    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self):
        return Path.mkdir, (self.place,)


class TestSignModels:
    def test_what_is_signed_stays_as_it_is(self, version):
        assert sign_models() == f"item_knn v{version.pk}: signed already\n"
        before = version.signature
        version.refresh_from_db()
        assert version.signature == before

    def test_what_was_never_signed_is(self, version):
        before = version.signature
        unsign(version)
        assert sign_models() == f"item_knn v{version.pk}: signed\n"
        version.refresh_from_db()
        assert version.signature == before

    def test_a_key_is_changed_in_three_steps(self, version, settings):
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [settings.SECRET_KEY]
        assert served() == version.pk
        assert sign_models() == f"item_knn v{version.pk}: signed\n"
        settings.SECRET_KEY_FALLBACKS = []
        version.refresh_from_db()
        registry.load(version)

    def test_an_unknown_key_is_believed_only_when_told_so(self, version, settings):
        settings.MODEL_SIGNING_KEY = NEW
        said = sign_models()
        assert "no key known here has signed" in said and "1 model(s) not signed" in said
        assert served() is None
        assert "signed" in sign_models("--trust-checksums")
        assert served() == version.pk

    @pytest.mark.parametrize("arguments", [(), ("--trust-checksums",)])
    @pytest.mark.parametrize("name", [artefact.ARRAYS, artefact.MANIFEST])
    def test_altered_files_are_never_signed(self, name, arguments, version, tmp_path):
        whole = publish_model()
        unsign(version)
        path = tmp_path / "models" / version.folder / name
        path.write_bytes(path.read_bytes() + b" ")
        said = sign_models(*arguments)
        assert "was altered" in said and f"v{whole.pk}: signed already" in said
        version.refresh_from_db()
        assert version.signature == ""

    def test_an_empty_registry_has_nothing_to_sign(self):
        assert sign_models() == ""


class TestTheMigration:
    def migrate(self):
        migration.sign_what_is_whole(apps, SimpleNamespace(connection=connection))

    def test_models_of_before_are_signed_once_and_serve_on(self, version):
        unsign(version)
        self.migrate()
        assert served() == version.pk

    def test_altered_and_missing_ones_are_told_of_and_stop_nothing(self, version, tmp_path, caplog):
        second, third = publish_model(), publish_model()
        ModelVersion.objects.update(signature="")
        (tmp_path / "models" / version.folder / artefact.MANIFEST).write_text("{}")
        (tmp_path / "models" / second.folder).rename(tmp_path / "elsewhere")
        self.migrate()
        assert caplog.text.count("is not signed, and will not be served") == 2
        signed = ModelVersion.objects.exclude(signature="")
        assert list(signed) == [third]

    def test_what_an_unknown_key_has_signed_is_left_alone(self, version, settings):
        settings.MODEL_SIGNING_KEY = NEW
        self.migrate()
        before = version.signature
        version.refresh_from_db()
        assert version.signature == before
