"""The cryptography between this app and the gateway: signed requests, sealed headers, signed events.

docs/provisioning.md and docs/events.md of the gateway have the whole protocol.
"""

from __future__ import annotations

import hashlib
import json
import os
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Optional

import jwt
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jwt.api_jwt import decode_complete

HEADER_BYTES = 3072
CLOCK_SECONDS = 300
NONCE_BYTES = 12
TAG_BYTES = 16

# The claims of an event. Seconds end with the year 9999, integers where JavaScript's do, ids with the column.
MOST = {"iat": 253_402_300_800, "at": 253_402_300_800, "sequence": 2**53}
MOST_CHARACTERS = {"aud": 2000, "sub": 255, "event": 40}


class InvalidEvent(Exception):
    """The text is not an event of the gateway for this project. The message is for the log."""


def base64url(data: bytes) -> str:
    """RFC 7515, section 2: without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def sign_request(key: str, *, method: str, url: str, body: bytes, now: int, version: Optional[int] = None) -> str:
    """The bearer token of one request to the gateway."""
    claims: dict[str, Any] = {
        "iat": now,
        "htm": method,
        "htu": url,
        "bh": base64url(hashlib.sha256(body).digest()),
    }
    if version is not None:
        claims["ver"] = version
    return str(jwt.encode(claims, key, algorithm="HS256", headers={"typ": "provisioning+jwt"}))


SEALED_HEADER = base64url(
    json.dumps({"alg": "dir", "enc": "A256GCM", "typ": "users+jwt"}, separators=(",", ":")).encode()
)


def sealed_bytes(plaintext_bytes: int) -> int:
    """The length of a compact JWE with direct encryption: header..nonce.ciphertext.tag (RFC 7516, section 7.1)."""
    parts = (_base64_bytes(NONCE_BYTES), _base64_bytes(plaintext_bytes), _base64_bytes(TAG_BYTES))
    return len(SEALED_HEADER) + sum(parts) + 4


def _base64_bytes(count: int) -> int:
    return (count * 4 + 2) // 3


def seal_users(
    key: str, *, request_id: str, now: int, lines: Iterable[bytes], most: int = HEADER_BYTES
) -> Optional[str]:
    """The value of X-Gateway-Users. Lines that do not fit any more are left out; None if no line fits."""
    start = json.dumps({"rid": request_id, "iat": now}, separators=(",", ":")).encode()[:-1]
    start += b',"users":['
    fitting: list[bytes] = []
    size = len(start) + len(b"]}")
    for line in lines:
        more = len(line) + (1 if fitting else 0)
        if sealed_bytes(size + more) <= most:
            fitting.append(line)
            size += more
    if not fitting:
        return None
    plaintext = start + b",".join(fitting) + b"]}"
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(sealing_key(key)).encrypt(nonce, plaintext, SEALED_HEADER.encode("ascii"))
    ciphertext, tag = sealed[:-TAG_BYTES], sealed[-TAG_BYTES:]
    return ".".join((SEALED_HEADER, "", base64url(nonce), base64url(ciphertext), base64url(tag)))


@lru_cache(maxsize=4)
def sealing_key(key: str) -> bytes:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"users+jwt")
    return bytes(derive.derive(key.encode("utf-8")))


def open_event(text: str, keys: Iterable[str], *, now: int, is_audience: Callable[[str], bool]) -> dict[str, Any]:
    """The claims of an event.

    :raises InvalidEvent: for another signature, type, audience or time, or claims of another kind.
    """
    claims = _verified(text, keys)
    for name in ("iat", "at", "sequence"):
        value = claims.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < MOST[name]:
            raise InvalidEvent(f"the claim {name} is not an integer of its range")
    for name in ("aud", "sub", "event"):
        value = claims.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= MOST_CHARACTERS[name]:
            raise InvalidEvent(f"the claim {name} is not a text of its length")
    if not isinstance(claims.get("data", {}), dict):
        raise InvalidEvent("the claim data is not an object")
    if abs(now - claims["iat"]) > CLOCK_SECONDS:
        raise InvalidEvent("iat is too far from this clock")
    if not is_audience(claims["aud"]):
        raise InvalidEvent("it is for another audience")
    return claims


def _verified(text: str, keys: Iterable[str]) -> dict[str, Any]:
    # Times and audience are compared above: PyJWT takes no old `iat` for a fault.
    options = {name: False for name in ("verify_iat", "verify_aud", "verify_nbf", "verify_exp")}
    for key in keys:
        try:
            token = decode_complete(text, key, algorithms=["HS256"], options=options)
        except jwt.InvalidSignatureError:
            continue
        except jwt.PyJWTError as error:
            raise InvalidEvent(f"it cannot be read: {error}") from error
        if token["header"].get("typ") != "event+jwt":
            raise InvalidEvent("its typ is not event+jwt")
        return dict(token["payload"])
    raise InvalidEvent("its signature is not by SIMPLEJWT_EDGE_KEY")
