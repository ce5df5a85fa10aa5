"""GET /media/...: what merchandisers uploaded, looked at and never run."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.factories import make_product

pytestmark = pytest.mark.django_db
SCRIPTED = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    (tmp_path / "secret.txt").write_text("not for shoppers")
    return settings.MEDIA_ROOT


def uploaded(name, content):
    return make_product(image=SimpleUploadedFile(name, content)).picture_url


def fetch(client: Client, url, **headers):
    """(the answer, its whole content); a stream that is not read keeps its file open."""
    answer: Any = client.get(url, headers=headers)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    answer.close()
    return answer, content


def test_a_product_shows_the_picture_that_was_uploaded(client: Client):
    answer, content = fetch(client, uploaded("lamp.png", b"\x89PNG and so on"))
    assert (answer.status_code, content) == (200, b"\x89PNG and so on")
    assert answer["Content-Type"] == "image/png"
    assert "max-age=86400" in answer["Cache-Control"]


@pytest.mark.parametrize("name", ["lamp.svg", "lamp.html"])
def test_what_is_inside_an_upload_is_never_run(client: Client, name):
    answer, _ = fetch(client, uploaded(name, SCRIPTED))
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["nothing.png", "", "products/", "../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt"]
)
def test_nothing_else_is_served(client: Client, path):
    uploaded("lamp.png", b"a picture")
    assert client.get(f"/media/{path}").status_code == 404


def test_a_file_is_not_sent_again_to_who_has_it(client: Client):
    url = uploaded("lamp.png", b"a picture")
    first, _ = fetch(client, url)
    again, content = fetch(client, url, **{"If-Modified-Since": first["Last-Modified"]})
    assert (again.status_code, content) == (304, b"")
