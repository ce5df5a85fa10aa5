"""The keys that published models are signed with: nothing that another key signed is loaded."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.utils.crypto import salted_hmac

SALT = "recommendations.models"
ADVICE = (
    "If its files are yours, run `manage.py sign_models`. If SECRET_KEY or MODEL_SIGNING_KEY was changed, "
    "put the former one into MODEL_SIGNING_KEYS_OLD before that."
)


def keys() -> tuple[bytes, ...]:
    """What signatures are believed by; new ones are made with the first.

    With MODEL_SIGNING_KEY set, SECRET_KEY signs nothing any more: one that has to be believed for a while is
    listed in MODEL_SIGNING_KEYS_OLD.
    """
    own: str = settings.MODEL_SIGNING_KEY
    secrets: Sequence[str] = [own] if own else [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return tuple(_key(secret) for secret in (*secrets, *settings.MODEL_SIGNING_KEYS_OLD))


def _key(secret: str) -> bytes:
    """The secret's key for this purpose alone: what is signed here is signed nowhere else."""
    return salted_hmac(SALT, "", secret=secret, algorithm="sha256").digest()
