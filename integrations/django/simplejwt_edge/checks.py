"""System checks: what is wrong with the settings is said at start and by `manage.py check`."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Warning, register

from .conf import DEFAULTS, edge_settings

MIDDLEWARE = "simplejwt_edge.middleware.GatewayUsersMiddleware"
KEY_BYTES = 32
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def register_checks() -> None:
    register(check_settings)


def check_settings(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    edge = edge_settings()
    if not edge.url and not edge.keys:
        return [
            Warning(
                "SIMPLEJWT_EDGE_URL and SIMPLEJWT_EDGE_KEY are not set: changes of users are "
                "recorded, but not sent.",
                id="simplejwt_edge.W001",
            )
        ]
    return [
        *_check_url(edge.url),
        *_check_keys(edge.keys),
        *_check_options(),
        *_check_middleware(),
    ]


def _check_url(url: str) -> list[CheckMessage]:
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if is_safe and parts.hostname and not (parts.query or parts.fragment or parts.username):
        return []
    return [
        Error(
            "SIMPLEJWT_EDGE_URL must be the gateway's URL: https, or http on loopback, without "
            "user, query and fragment.",
            id="simplejwt_edge.E001",
        )
    ]


def _check_keys(keys: tuple[str, ...]) -> list[CheckMessage]:
    if not 1 <= len(keys) <= 2 or any(len(key.encode()) < KEY_BYTES for key in keys):
        return [
            Error(
                f"SIMPLEJWT_EDGE_KEY must be the gateway's PROVISIONING_KEY: {KEY_BYTES} bytes or "
                "more; two, separated by a space, while one is replaced.",
                id="simplejwt_edge.E002",
            )
        ]
    others = (
        settings.SECRET_KEY,
        (getattr(settings, "SIMPLE_JWT", None) or {}).get("SIGNING_KEY"),
    )
    if any(key in others for key in keys):
        return [
            Error(
                "SIMPLEJWT_EDGE_KEY must differ from SECRET_KEY and from Simple JWT's SIGNING_KEY.",
                id="simplejwt_edge.E003",
            )
        ]
    return []


def _check_options() -> list[CheckMessage]:
    options = getattr(settings, "SIMPLEJWT_EDGE_OPTIONS", None) or {}
    found: list[CheckMessage] = [
        Error(
            f"SIMPLEJWT_EDGE_OPTIONS has an unknown key {name!r}. Known: {', '.join(DEFAULTS)}.",
            id="simplejwt_edge.E004",
        )
        for name in options
        if name not in DEFAULTS
    ]
    extra = options.get("EXTRA", [])
    user_model = get_user_model()
    fields = {name for field in user_model._meta.get_fields() for name in _names_of(field)}
    if not isinstance(extra, (list, tuple)):
        found.append(Error("EXTRA must be a list of names.", id="simplejwt_edge.E005"))
    else:
        for name in extra:
            if name not in fields and not hasattr(user_model, str(name)):
                found.append(
                    Error(
                        f"EXTRA names {name!r}, which {user_model._meta.label} does not have.",
                        id="simplejwt_edge.E005",
                    )
                )
            elif name in ("password", "last_login"):
                found.append(Error(f"EXTRA must not name {name!r}.", id="simplejwt_edge.E005"))
    has_key = bool(options.get("ASSERTION_KEY") or options.get("ASSERTION_JWK_URL"))
    if has_key != bool(options.get("ASSERTION_AUDIENCE")):
        found.append(
            Error(
                "GatewayAuthentication needs ASSERTION_AUDIENCE, and ASSERTION_KEY or " "ASSERTION_JWK_URL.",
                id="simplejwt_edge.E006",
            )
        )
    return found


def _names_of(field: Any) -> tuple[str, ...]:
    return (field.name, getattr(field, "attname", field.name))


def _check_middleware() -> list[CheckMessage]:
    if MIDDLEWARE in settings.MIDDLEWARE:
        return []
    return [
        Warning(
            f"{MIDDLEWARE} is not in MIDDLEWARE: the gateway learns of changed users only from "
            "`manage.py push_users`.",
            id="simplejwt_edge.W002",
        )
    ]
