"""deploy/nginx/shopreco.conf in a real nginx, before the shop and before a server that tells what it got."""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmarks import starter
from benchmarks.ports import free_port

pytestmark = pytest.mark.slow
PROJECT = Path(__file__).resolve().parents[2]
CONF = PROJECT / "deploy" / "nginx" / "shopreco.conf"
HOST = "shop.example"
# Around the file as nginx.conf is around it: whatever it needs besides that, it says itself.
AROUND = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    types {{ text/html html; text/css css; image/png png; image/svg+xml svg; application/javascript js; }}
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/shopreco.conf;
}}
"""


@dataclass
class Answer:
    status: int
    headers: Message
    body: bytes

    @property
    def seen(self) -> dict[str, str]:
        """What the server behind has got, by lower-case name."""
        found: dict[str, str] = json.loads(self.body)
        return found


@dataclass
class Proxy:
    """nginx on ports of its own."""

    plain_port: int
    tls_port: int
    folder: Path

    def get(
        self, path: str, *, method: str = "GET", body: bytes | None = None, host: str = HOST, **headers: str
    ) -> Answer:
        """Over TLS, with the certificate and its name checked."""
        context = ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))
        plain = socket.create_connection(("127.0.0.1", self.tls_port), timeout=120)
        connection = http.client.HTTPConnection(host)
        connection.sock = context.wrap_socket(plain, server_hostname=HOST)
        return _answer(connection, method, path, body, headers)

    def get_plain(self, path: str, host: str = HOST) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.plain_port, timeout=120)
        return _answer(connection, "GET", path, None, {"Host": host})


def _answer(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None,
    headers: dict[str, str],
) -> Answer:
    named = {name.replace("__", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, body, named)
        got = connection.getresponse()
        return Answer(got.status, got.headers, got.read())
    finally:
        connection.close()


def _nginx() -> str:
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("no nginx: apt-get install nginx-light")
    return program


def _configure(folder: Path, upstream: int) -> Proxy:
    """The file as it stands, with places of this test's own for those of a server."""
    proxy = Proxy(free_port(), free_port(), folder)
    certificate = [
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}",
        "-addext", f"subjectAltName=DNS:{HOST}",
        "-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem",
    ]  # fmt: skip
    subprocess.run([str(word) for word in certificate], check=True, capture_output=True)
    text = CONF.read_text()
    places = {
        "listen 80;": f"listen 127.0.0.1:{proxy.plain_port};",
        "listen 443 ": f"listen 127.0.0.1:{proxy.tls_port} ",
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{upstream};",
        f"/etc/ssl/{HOST}/": f"{folder}/",
        "/srv/shopreco/var/media/": f"{folder}/media/",
    }
    for before, after in places.items():
        assert before in text, f"the configuration no longer has {before}"
        text = text.replace(before, after)
    (folder / "shopreco.conf").write_text(text)
    # Debian's nginx serves as www-data, who may not look into this folder.
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user))
    (folder / "media").mkdir()
    return proxy


def _run(program: str, proxy: Proxy) -> subprocess.Popen[bytes]:
    command = [program, "-p", str(proxy.folder), "-e", "error.log", "-c", str(proxy.folder / "nginx.conf")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    _until_it_listens(proxy.tls_port, process)
    return process


def _until_it_listens(port: int, process: subprocess.Popen[bytes], seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(timeout=180)


class Echo(BaseHTTPRequestHandler):
    """Says what it was asked with."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = {name.lower(): value for name, value in self.headers.items()} | {"path": self.path}
        body = json.dumps(seen).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    program = _nginx()
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        proxy = _configure(tmp_path_factory.mktemp("nginx-echo"), server.server_address[1])
        nginx = _run(program, proxy)
        try:
            yield proxy
        finally:
            _stop(nginx)
            server.shutdown()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """The shop by the production settings, behind nginx."""
    program, folder = _nginx(), tmp_path_factory.mktemp("nginx-shop")
    port = free_port()
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "SHOPRECO_VAR_DIR": str(folder),
        "STATIC_ROOT": str(folder / "static"),
        "DJANGO_SETTINGS_MODULE": "shopreco.settings.prod", "SECRET_KEY": secrets.token_urlsafe(60),
        "ALLOWED_HOSTS": HOST, "REDIS_URL": f"unix://{folder / 'nobody.sock'}", "LOG_FORMAT": "json",
        "BIND": f"127.0.0.1:{port}", "WEB_WORKERS": "1", "RECOMMENDATION_ALGORITHM": "popularity",
    }  # fmt: skip
    for words in (
        ["migrate", "-v0"],
        ["collectstatic", "--noinput", "-v0"],
        ["seed_demo", "--shoppers", "5"],
    ):
        starter.python(["manage.py", *words], environment).check_returncode()
    proxy = _configure(folder, port)
    with (folder / "web.log").open("w") as log:
        web = subprocess.Popen(
            ["gunicorn", "-c", "deploy/gunicorn.conf.py", "shopreco.wsgi"],
            cwd=PROJECT, env=environment, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            _until_it_listens(port, web)
            nginx = _run(program, proxy)
            try:
                yield proxy
            finally:
                _stop(nginx)
        finally:
            _stop(web)


class TestWhatTheShopIsTold:
    def test_it_is_told_the_host_that_was_asked_for_and_that_it_was_over_tls(self, echo: Proxy) -> None:
        seen = echo.get("/products/?q=a%20b").seen
        assert (seen["host"], seen["x-forwarded-proto"], seen["path"]) == (
            HOST,
            "https",
            "/products/?q=a%20b",
        )

    @pytest.mark.parametrize("forged", ["6.6.6.6", "6.6.6.6, 7.7.7.7", "127.0.0.1", ""])
    def test_where_a_caller_says_it_comes_from_is_not_believed(self, forged: str, echo: Proxy) -> None:
        assert echo.get("/", X__Forwarded__For=forged).seen["x-forwarded-for"] == "127.0.0.1"

    def test_nor_is_how_it_says_it_came(self, echo: Proxy) -> None:
        assert echo.get("/", X__Forwarded__Proto="http").seen["x-forwarded-proto"] == "https"

    @pytest.mark.parametrize("name", ["X_Forwarded_For", "X_FORWARDED_PROTO"])
    def test_names_that_would_be_taken_for_these_do_not_come_through(self, name: str, echo: Proxy) -> None:
        assert name.lower() not in echo.get("/", **{name: "6.6.6.6"}).seen  # type: ignore[arg-type]

    def test_every_request_has_an_id_of_nginxs_own(self, echo: Proxy) -> None:
        ids = {echo.get("/", X__Request__ID="forged-id-0815").seen["x-request-id"] for _ in range(3)}
        assert len(ids) == 3 and all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)

    def test_what_is_sent_arrives_up_to_the_largest_upload(self, echo: Proxy) -> None:
        assert echo.get("/", method="POST", body=b"x" * 11_000_000).seen["content-length"] == "11000000"
        try:
            refused = echo.get("/", method="POST", body=b"x" * 27_000_000).status
        except OSError:  # nginx does not wait for the rest of it
            refused = 413
        assert refused == 413

    @pytest.mark.parametrize(
        "path",
        ["/metrics", "/metrics/", "/%6Detrics", "//metrics", "/a/../metrics", "/metrics?x=1"],
    )
    def test_the_figures_are_not_for_the_outside(self, path: str, echo: Proxy) -> None:
        answer = echo.get(path, Authorization="Api-Key whatever")
        assert (answer.status, b"x-request-id" in answer.body) == (404, False)


class TestPlainHttp:
    @pytest.mark.parametrize("host", [HOST, "evil.example", f"{HOST}:80"])
    def test_it_leads_to_the_shops_own_address_over_tls(self, host: str, echo: Proxy) -> None:
        answer = echo.get_plain("/products/?q=tea&page=2", host)
        assert answer.status == 301
        assert answer.headers["Location"] == f"https://{HOST}/products/?q=tea&page=2"


def test_old_tls_is_refused(echo: Proxy) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(("127.0.0.1", echo.tls_port)) as plain, context.wrap_socket(plain) as good:
        assert good.version() in ("TLSv1.2", "TLSv1.3")
    script = f"openssl s_client -connect 127.0.0.1:{echo.tls_port} -tls1_1 -cipher ALL:@SECLEVEL=0"
    old = subprocess.run(script.split(), input=b"", capture_output=True, timeout=120)
    assert b"alert protocol version" in old.stderr, old.stderr


def test_newer_http_is_spoken(echo: Proxy) -> None:
    context = ssl.create_default_context(cafile=str(echo.folder / "fullchain.pem"))
    context.set_alpn_protocols(["h2", "http/1.1"])
    plain = socket.create_connection(("127.0.0.1", echo.tls_port))
    with context.wrap_socket(plain, server_hostname=HOST) as connection:
        assert connection.selected_alpn_protocol() == "h2"


class TestTheShop:
    def test_its_pages_come_with_their_protections_and_without_nginxs_version(self, shop: Proxy) -> None:
        page = shop.get("/")
        assert page.status == 200
        assert "max-age=31536000" in page.headers["Strict-Transport-Security"]
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]
        assert page.headers["Server"] == "nginx"

    def test_its_static_files_are_kept_for_ever_and_compressed(self, shop: Proxy) -> None:
        page = shop.get("/").body.decode()
        stylesheet = re.search(r'href="(/static/site/site\.[0-9a-f]+\.css)"', page)
        assert stylesheet
        answer = shop.get(stylesheet[1], Accept__Encoding="gzip")
        assert (answer.status, answer.headers["Content-Encoding"]) == (200, "gzip")
        assert "immutable" in answer.headers["Cache-Control"]

    def test_the_id_of_a_request_is_in_the_answer_and_in_the_log(self, shop: Proxy) -> None:
        named = shop.get("/products/", X__Request__ID="forged-id-0815").headers["X-Request-ID"]
        assert re.fullmatch("[0-9a-f]{32}", named)
        log = (shop.folder / "web.log").read_text()
        assert f'"request_id": "{named}"' in log and "forged-id" not in log

    def test_uploaded_pictures_are_nginxs_own_and_can_run_nothing(self, shop: Proxy) -> None:
        (shop.folder / "media" / "lamp.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
        picture = shop.get("/media/lamp.svg")
        assert (picture.status, picture.headers["Content-Type"]) == (200, "image/svg+xml")
        assert picture.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in picture.headers["Content-Security-Policy"]
        assert "X-Request-ID" not in picture.headers, "the shop was not asked"

    @pytest.mark.parametrize(
        "path",
        ["/media/../db.sqlite3", "/media/%2e%2e/db.sqlite3", "/media../db.sqlite3", "/media/..%2fdb.sqlite3"],
    )
    def test_nothing_beside_the_pictures_is_served(self, path: str, shop: Proxy) -> None:
        assert (shop.folder / "db.sqlite3").exists()
        answer = shop.get(path)
        assert answer.status in (400, 403, 404)
        assert b"SQLite format" not in answer.body

    def test_a_host_that_is_not_the_shops_is_refused(self, shop: Proxy) -> None:
        assert shop.get("/", host="evil.example").status == 400

    def test_a_shop_that_is_down_is_said_to_be(self, shop: Proxy) -> None:
        assert shop.get("/api/v1/health/live").status == 200
        dead = shop.folder / "dead"
        dead.mkdir()
        proxy = _configure(dead, free_port())
        nginx = _run(_nginx(), proxy)
        try:
            assert proxy.get("/").status == 502
        finally:
            _stop(nginx)
