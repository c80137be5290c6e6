"""Signatures of the thinking a fake model emits. One fixed key, so that they hold across runs."""

from __future__ import annotations

import base64
import hashlib
import hmac

_KEY = b"coder fake api: not a secret"


def sign(thinking: str) -> str:
    """The signature of a thinking text: the same text has the same signature in every process."""
    raw = thinking.encode("utf-8", "surrogatepass")
    return base64.b64encode(b"\x12" + hashlib.blake2b(raw, key=_KEY, digest_size=47).digest()).decode("ascii")


def is_signed(thinking: str, signature: str) -> bool:
    return hmac.compare_digest(sign(thinking).encode("ascii"), signature.encode("utf-8", "surrogatepass"))


def seal(hidden: str) -> str:
    """The `data` of a redacted thinking block."""
    packed = base64.b64encode(hidden.encode("utf-8", "surrogatepass")).decode("ascii")
    return f"{packed}.{sign(hidden)}"
