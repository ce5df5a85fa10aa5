"""Shopper ids as the API takes them."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from rest_framework import serializers

from feedback.identity import OWN_PREFIXES
from feedback.models import Shopper

# Most ids are, and need no further look.
PLAIN = re.compile(r"[A-Za-z0-9_.@:-]{1,64}")
MAX_LENGTH: int = Shopper._meta.get_field("external_id").max_length or 0


class ShopperIdField(serializers.CharField):
    """Any text of a shop's own choosing, except what an address or a log line cannot carry."""

    default_error_messages = {
        "slash": "A shopper id cannot have a slash (/) in it.",
        "control": "A shopper id cannot have control characters in it, such as line breaks.",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_LENGTH, trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        shopper_id = super().to_internal_value(data)
        if not shopper_id.strip():
            self.fail("blank")
        if "/" in shopper_id:
            self.fail("slash")
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in shopper_id):
            self.fail("control")
        return shopper_id


def checked_shopper_id(shopper_id: str) -> str:
    """The shopper id of an address, or a ValidationError (400) that says what is wrong with it."""
    if PLAIN.fullmatch(shopper_id):
        return shopper_id
    try:
        return str(ShopperIdField().run_validation(shopper_id))
    except serializers.ValidationError as error:
        raise serializers.ValidationError({"shopper": error.detail}) from error


def may_be_made(shopper_id: str) -> bool:
    """Whether a shopper of this id may be made for a shop system that names it first."""
    return not shopper_id.startswith(OWN_PREFIXES)


NOT_TO_BE_MADE = (
    f"Nobody has this id, and ids that begin with {' or '.join(OWN_PREFIXES)} are given by the shop only. "
    "Use another id."
)
