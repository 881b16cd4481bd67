"""The three settings, read when they are needed so that tests can override them.

SIMPLEJWT_EDGE_URL      the gateway's public URL: "https://api.example.com"
SIMPLEJWT_EDGE_KEY      the gateway's PROVISIONING_KEY; "new old" while it is being replaced
SIMPLEJWT_EDGE_OPTIONS  a dict with any of the keys of DEFAULTS below
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from django.conf import settings

DEFAULTS: dict[str, Any] = {
    # Names of further attributes of a user to send: fields, properties, "groups", "user_permissions".
    # The gateway's hooks see them as user.extra.
    "EXTRA": [],
    # Seconds to wait for the gateway to connect, and for each part of its answer.
    "TIMEOUT": 30,
    # The URL in the gateway's EVENTS_URL. None: host and path of the request that brings the event.
    "EVENTS_URL": None,
    # What to do when the gateway deleted a user. False deactivates, because a deletion cascades.
    "DELETE_USERS": False,
    # For GatewayAuthentication: ASSERTION_KEY of the gateway, or its public key as PEM.
    "ASSERTION_KEY": "",
    # Instead of ASSERTION_KEY: where the gateway publishes its keys. They need a `kid` (KEY_ID).
    "ASSERTION_JWK_URL": "",
    "ASSERTION_ALGORITHM": "HS256",
    # This project's scheme, host and port as in the gateway's ORIGIN_URL.
    "ASSERTION_AUDIENCE": "",
    # The gateway's ISSUER, if it has one.
    "ASSERTION_ISSUER": "simplejwt-edge",
}


@dataclass(frozen=True)
class EdgeSettings:
    url: str
    """Without a slash at its end; empty while the app is not configured."""
    keys: tuple[str, ...]
    """The first one signs and seals, all of them verify."""
    options: dict[str, Any]

    @property
    def is_configured(self) -> bool:
        return bool(self.url and self.keys)

    @property
    def extra(self) -> tuple[str, ...]:
        return tuple(self.options["EXTRA"])


def edge_settings() -> EdgeSettings:
    url = getattr(settings, "SIMPLEJWT_EDGE_URL", "") or ""
    key = getattr(settings, "SIMPLEJWT_EDGE_KEY", "") or ""
    options = getattr(settings, "SIMPLEJWT_EDGE_OPTIONS", None) or {}
    return EdgeSettings(url.rstrip("/"), tuple(key.split()), {**DEFAULTS, **options})


def simple_jwt_setting(name: str, default: Optional[str]) -> Optional[str]:
    """A value of SIMPLE_JWT, without importing Simple JWT, which need not be installed."""
    value = (getattr(settings, "SIMPLE_JWT", None) or {}).get(name, default)
    return None if value is None else str(value)
