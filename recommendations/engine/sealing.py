"""How an artefact's folder is known again: its seal, and files that are opened once."""

from __future__ import annotations

import errno
import hashlib
import hmac
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

RETRAIN = "Train and publish a new version, or go back to one that loads."
# A link could lead anywhere, and a pipe would be waited for.
PLAIN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# What the system says of a link, of a file for a folder and of a socket: these do not pass.
NOT_PLAIN = (errno.ELOOP, errno.ENOTDIR, errno.ENXIO)


class ArtefactError(Exception):
    """The folder cannot be served from; the message says why and what to do."""


class UnreadableError(ArtefactError):
    """The folder may be whole, yet cannot be read now: a later try may end otherwise."""


class UnsignedError(ArtefactError):
    """The folder is the one that was saved, as far as its checksum tells, and no key here has signed it."""


@dataclass(frozen=True)
class Seal:
    """What has to be kept elsewhere than in the folder to know it again.

    sha256: of the manifest, which in turn covers the arrays (hex). signature: HMAC-SHA256 of the manifest
    (hex); empty for a folder that was saved before there were signatures.
    """

    sha256: str
    signature: str


@contextmanager
def opened(folder: Path, *names: str) -> Iterator[list[BufferedReader]]:
    """Plain files of this very folder, each opened once.

    Raises UnreadableError for what may pass, also while they are read, and ArtefactError for what is no such
    file. A missing one may pass: it lies on a mount that is not there yet, or is restored.
    """
    with ExitStack() as stack:
        try:
            place = os.open(folder, PLAIN | os.O_DIRECTORY)
            stack.callback(os.close, place)
            yield [stack.enter_context(_plain(folder / name, place)) for name in names]
        except FileNotFoundError as error:
            raise UnreadableError(
                f"{folder} is missing. Restore it from a backup or mount what it is on. Otherwise: {RETRAIN}"
            ) from error
        except OSError as error:
            kind = ArtefactError if error.errno in NOT_PLAIN else UnreadableError
            raise kind(f"{folder} cannot be read: {error}. Mend that, or: {RETRAIN}") from error


def _plain(path: Path, place: int) -> BufferedReader:
    try:
        handle = os.open(path.name, PLAIN, dir_fd=place)
    except FileNotFoundError as error:
        raise UnreadableError(f"{path} is missing. Restore it from a backup. Otherwise: {RETRAIN}") from error
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ArtefactError(f"{path} is not a file. {RETRAIN}")
    except BaseException:
        os.close(handle)
        raise
    return os.fdopen(handle, "rb")


def sealed(manifest: bytes, key: bytes) -> Seal:
    """The manifest's seal by this key."""
    return Seal(hashlib.sha256(manifest).hexdigest(), hmac.new(key, manifest, hashlib.sha256).hexdigest())


def same(one: str, other: str) -> bool:
    """Whether two digests are one, in a time that does not tell how far they are alike."""
    return hmac.compare_digest(one.encode(), other.encode())


def signed_by_any(manifest: bytes, seal: Seal, keys: Sequence[bytes]) -> bool:
    """Whether the seal's signature is one of these keys' for this manifest."""
    return any(same(sealed(manifest, key).signature, seal.signature) for key in keys)


def check_signature(folder: Path, manifest: bytes, seal: Seal, keys: Sequence[bytes]) -> None:
    """Raises UnsignedError unless one of the keys has signed the manifest."""
    if not seal.signature:
        raise UnsignedError(f"{folder} has not been signed: it was published before models were.")
    if not signed_by_any(manifest, seal, keys):
        raise UnsignedError(f"{folder} was signed with a key that is not known here.")
