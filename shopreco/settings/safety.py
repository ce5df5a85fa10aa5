"""What a shop on the internet must not start with. No framework here: settings come before there is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

LONG, LONG_ENOUGH_TO_SIGN, DIFFERENT = 50, 32, 5
KNOWN_TO_ALL = "insecure-"
HERE = {"", "localhost", "127.0.0.1", "::1"}
RANDOM = "python -c 'import secrets; print(secrets.token_urlsafe(60))'"


def complaints(
    *,
    secret_key: str,
    former_keys: Sequence[str],
    signing_key: str,
    former_signing_keys: Sequence[str],
    hosts: Sequence[str],
    opened: Sequence[str],
    database_engine: str,
    redis_url: str,
) -> Iterator[str]:
    """Why these settings are not safe, a sentence each that says what to do; nothing when they are.

    opened: the variables that are switched on and would open the shop to everybody.
    """
    if _is_weak(secret_key, LONG):
        yield f"Set SECRET_KEY to {LONG} or more random characters of your own: {RANDOM}"
    yield from _about_former(former_keys, former_signing_keys)
    if signing_key and _is_weak(signing_key, LONG_ENOUGH_TO_SIGN):
        yield f"Set MODEL_SIGNING_KEY to {LONG_ENOUGH_TO_SIGN} or more random characters, or leave it out."
    yield from _about_hosts(hosts)
    for name in opened:
        yield f"Unset {name}: it is for the demo only."
    if database_engine.endswith("sqlite3") and (elsewhere := _other_machine(redis_url)):
        yield (
            "Set DATABASE_URL to a PostgreSQL server: SQLite is a file of this machine, and REDIS_URL is "
            f"shared with others at {elsewhere}."
        )


def _is_weak(key: str, length: int) -> bool:
    return key.startswith(KNOWN_TO_ALL) or len(key) < length or len(set(key)) < DIFFERENT


def _about_former(keys: Sequence[str], signing_keys: Sequence[str]) -> Iterator[str]:
    """What is signed with a former key is believed, too: one that can be guessed opens as much as the key."""
    if any(key.startswith(KNOWN_TO_ALL) for key in (*keys, *signing_keys)):
        yield "Take the demo's key, known to all, out of SECRET_KEY_FALLBACKS and MODEL_SIGNING_KEYS_OLD."
    for name, former, length in (
        ("SECRET_KEY_FALLBACKS", keys, LONG),
        ("MODEL_SIGNING_KEYS_OLD", signing_keys, LONG_ENOUGH_TO_SIGN),
    ):
        if any(_is_weak(key, length) for key in former if not key.startswith(KNOWN_TO_ALL)):
            yield f"Take every key of fewer than {length} random characters out of {name}."


def _about_hosts(hosts: Sequence[str]) -> Iterator[str]:
    named = [host.strip() for host in hosts if host.strip()]
    if not named:
        yield "Set ALLOWED_HOSTS to the shop's host names, separated by commas, such as shop.example."
    if any("*" in host or set(host) == {"."} for host in named):
        yield "Name the hosts in ALLOWED_HOSTS one by one: with * links in mails could lead to anybody's."
    for host in named:
        if "/" in host:
            yield f"ALLOWED_HOSTS holds names such as shop.example, not addresses such as {host}."


def _other_machine(redis_url: str) -> str:
    """The host that the address names, unless that is this machine."""
    host = urlsplit(redis_url).hostname or ""
    return "" if "unix" in redis_url.partition(":")[0] or host in HERE else host
