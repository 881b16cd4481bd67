"""Django REST framework: request.user from the gateway's signed statement, X-Gateway-Assertion."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Optional

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured, ValidationError
from jwt import InvalidTokenError, PyJWKClient, PyJWTError
from jwt.api_jwt import decode_complete
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from .conf import edge_settings, simple_jwt_setting

ASSERTION_TYPE = "gateway-assertion+jwt"
LEEWAY_SECONDS = 5
REQUIRED = ["iss", "aud", "iat", "exp"]


class GatewayAuthentication(BaseAuthentication):
    """request.user is the user whom the assertion names, request.auth its claims.

    A request with an API key has no user: request.user is anonymous, and permissions.HasApiKey lets it in.
    Without the header, the next authentication class is asked, and without one the request is anonymous.
    """

    def authenticate(self, request: Request) -> Optional[tuple[Any, dict[str, Any]]]:
        assertion = request.headers.get("X-Gateway-Assertion")
        if assertion is None:
            return None
        try:
            claims = read_assertion(assertion)
        except PyJWTError as error:
            raise AuthenticationFailed("This did not come through the gateway.") from error
        if "api_key" in claims:
            return AnonymousUser(), claims
        return self.get_user(claims), claims

    def get_user(self, claims: dict[str, Any]) -> Any:
        """The active user whose USER_ID_FIELD is `sub`; override it to load related rows as well."""
        model = get_user_model()
        field = simple_jwt_setting("USER_ID_FIELD", None) or "pk"
        try:
            user = model._default_manager.get(**{field: claims["sub"]})
        except (model.DoesNotExist, ValidationError, ValueError, OverflowError) as error:
            raise AuthenticationFailed("User not found", code="user_not_found") from error
        if not user.is_active:
            raise AuthenticationFailed("User is inactive", code="user_inactive")
        return user

    def authenticate_header(self, request: Request) -> str:
        """Without it, DRF answers 403 instead of 401."""
        return 'Bearer realm="api"'


def read_assertion(assertion: str) -> dict[str, Any]:
    """The claims of a valid assertion.

    :raises jwt.PyJWTError: for anything else, and if the gateway's keys cannot be had.
    """
    options = edge_settings().options
    if not options["ASSERTION_AUDIENCE"]:
        raise ImproperlyConfigured("Set ASSERTION_AUDIENCE in SIMPLEJWT_EDGE_OPTIONS.")
    token = decode_complete(
        assertion,
        _key(assertion, options),
        algorithms=[options["ASSERTION_ALGORITHM"]],
        audience=options["ASSERTION_AUDIENCE"],
        issuer=options["ASSERTION_ISSUER"],
        leeway=LEEWAY_SECONDS,
        options={"require": REQUIRED},
    )
    # RFC 8725, section 3.11: an access token by the same key is no assertion.
    if token["header"].get("typ") != ASSERTION_TYPE:
        raise InvalidTokenError("not an assertion")
    claims = dict(token["payload"])
    if ("sub" in claims) == ("api_key" in claims):
        raise InvalidTokenError("about nobody, or about two")
    return claims


def _key(assertion: str, options: dict[str, Any]) -> Any:
    if options["ASSERTION_JWK_URL"]:
        return _jwk_client(options["ASSERTION_JWK_URL"]).get_signing_key_from_jwt(assertion).key
    if not options["ASSERTION_KEY"]:
        raise ImproperlyConfigured("Set ASSERTION_KEY or ASSERTION_JWK_URL in SIMPLEJWT_EDGE_OPTIONS.")
    return options["ASSERTION_KEY"]


@lru_cache(maxsize=4)
def _jwk_client(url: str) -> PyJWKClient:
    return PyJWKClient(url)
