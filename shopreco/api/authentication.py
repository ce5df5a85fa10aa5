"""A shop system's API key as a way to authenticate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from shopreco.models import ApiKey

SCHEME = "Api-Key"
HEADER = "X-API-Key"
USED_WRONGLY = f"Send the key as one word: 'Authorization: {SCHEME} <secret>' or '{HEADER}: <secret>'."
UNKNOWN_KEY = "This API key is unknown or has been revoked. Make a new one in the admin, under API keys."


@dataclass(frozen=True)
class KeyHolder:
    """The user of a request that came with a key: a machine, nobody who can sign in."""

    key: ApiKey
    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False
    is_active: ClassVar[bool] = True
    is_staff: ClassVar[bool] = False
    is_superuser: ClassVar[bool] = False

    @property
    def pk(self) -> str:
        """Never an account's primary key: limits are counted per key."""
        return f"key-{self.key.pk}"


class ApiKeyAuthentication(BaseAuthentication):
    """Reads the key; `request.auth` is the ApiKey then, and None for a session or nobody."""

    def authenticate(self, request: Request) -> tuple[KeyHolder, ApiKey] | None:
        secret = self._secret(request)
        if secret is None:
            return None
        key = ApiKey.objects.matching(secret)
        if key is None:
            raise AuthenticationFailed(UNKNOWN_KEY)
        return KeyHolder(key), key

    def authenticate_header(self, request: Request) -> str:
        return f'{SCHEME} realm="api"'

    def _secret(self, request: Request) -> str | None:
        """The secret that was sent; None when there is no key in the request, whatever else there is."""
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != SCHEME.lower():
            secret = request.headers.get(HEADER, "")
            if not secret:
                return None
        secret = secret.strip()
        if not secret or " " in secret:
            raise AuthenticationFailed(USED_WRONGLY)
        return secret


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema tells of the key."""

    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": HEADER,
            "description": f"A key made in the admin. 'Authorization: {SCHEME} <secret>' does the same.",
        }
