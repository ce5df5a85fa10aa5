"""deploy/audit.py: pip-audit itself, asking a server of the test's that speaks as the advisory service."""

import json
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.conf import settings

PINNED = (
    "django==5.2.1\ncelery==5.4.0 ; python_version >= '3.11'\nredislite==6.2.0 ; python_version < '3.0'\n"
)
WEAKNESS = {
    "id": "PYSEC-2026-1", "aliases": [], "summary": "All can be read.", "details": "All can be read.",
    "modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"name": "celery", "ecosystem": "PyPI"}, "versions": ["5.4.0"],
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "5.4.9"}]}],
        }
    ],
}  # fmt: skip


class Advisories(BaseHTTPRequestHandler):
    """Answers by what the server was told to: weaknesses by package, a status, or nothing for a while."""

    def do_POST(self):
        server = self.server
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server.asked.append((asked["package"]["name"], asked["version"]))  # type: ignore[attr-defined]
        time.sleep(server.delay)  # type: ignore[attr-defined]
        found = [WEAKNESS] if asked["package"]["name"] in server.weak else []  # type: ignore[attr-defined]
        body = json.dumps({"vulns": found} if found else {}).encode()
        self.send_response(server.status)  # type: ignore[attr-defined]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing."""


@pytest.fixture
def service():
    with ThreadingHTTPServer(("127.0.0.1", 0), Advisories) as server:
        server.weak, server.status, server.delay, server.asked = set(), 200, 0.0, []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def audit(tmp_path):
    pinned = tmp_path / "requirements.txt"
    pinned.write_text(PINNED)

    def run(*arguments, **variables):
        return subprocess.run(
            [sys.executable, str(settings.BASE_DIR / "deploy" / "audit.py"), str(pinned), *arguments],
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **variables},
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    return run


def url(service):
    return f"http://127.0.0.1:{service.server_address[1]}/v1/query"


def test_what_is_pinned_for_this_python_is_asked_about_and_nothing_else(service, audit):
    done = audit(AUDIT_OSV_URL=url(service))
    assert sorted(service.asked) == [("celery", "5.4.0"), ("django", "5.2.1")]
    assert (done.returncode, done.stdout) == (0, "Audit: 2 pinned packages, 0 known weakness(es).\n")


def test_a_known_weakness_fails_and_says_what_mends_it(service, audit):
    service.weak = {"celery"}
    done = audit(AUDIT_OSV_URL=url(service))
    assert done.returncode == 1
    assert "celery 5.4.0: PYSEC-2026-1, fixed in 5.4.9" in done.stdout
    assert "2 pinned packages, 1 known weakness(es)" in done.stdout


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_an_error_of_the_service_is_no_clean_bill(status, service, audit):
    service.status = status
    done = audit(AUDIT_OSV_URL=url(service))
    assert done.returncode == 0
    (line,) = done.stdout.splitlines()
    assert line.startswith("Audit skipped: no advisory service can be reached (")


def test_a_service_that_is_not_there_is_said_so_in_one_line(audit):
    done = audit(AUDIT_OSV_URL="http://127.0.0.1:9/v1/query")
    assert (done.returncode, len(done.stdout.splitlines()), done.stderr) == (0, 1, "")
    assert "Audit skipped" in done.stdout


def test_one_that_hangs_is_not_waited_for(service, audit):
    service.delay = 30
    started = time.monotonic()
    done = audit("--deadline", "3", AUDIT_OSV_URL=url(service))
    assert time.monotonic() - started < 15
    assert "Audit skipped: no advisory service can be reached (no answer within 3 seconds)." in done.stdout


def test_without_a_network_the_public_service_is_not_waited_for(audit):
    done = audit(HTTPS_PROXY="http://127.0.0.1:9", HTTP_PROXY="http://127.0.0.1:9")
    assert done.returncode == 0
    assert "Audit skipped" in done.stdout


def test_who_answers_but_knows_no_package_has_audited_nothing(monkeypatch, capsys):
    """As a mirror that has packages and no advisories; the answer is pip-audit's own of such a case."""
    sys.path.insert(0, str(settings.BASE_DIR / "deploy"))
    try:
        import audit as program
    finally:
        sys.path.pop(0)
    packages: list[dict[str, object]] = [{"name": "django", "skip_reason": "Dependency not found"}]

    def answered(*_args, **_kwargs):
        return subprocess.CompletedProcess([], 0, stdout=json.dumps({"dependencies": packages}), stderr="")

    monkeypatch.setattr(subprocess, "run", answered)
    assert program.main([]) == 0
    assert "knows none of the packages" in capsys.readouterr().out
    packages.append({"name": "celery", "version": "5.4.0", "vulns": []})
    assert program.main([]) == 0
    assert "Not known to the advisory service: django" in capsys.readouterr().out


def test_both_lists_are_audited_by_default():
    makefile = (settings.BASE_DIR / "Makefile").read_text()
    assert "check: lint types imports migrations deploy-check audit" in makefile
    assert "python deploy/audit.py" in makefile
