"""Django REST framework: who may call a view with an API key that the gateway has checked."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class HasApiKey(BasePermission):
    """Requests with an API key, if it has all of the view's required_scopes; needs GatewayAuthentication.

    In the place of rest_framework_api_key's HasAPIKey. request.auth["api_key"] is the key's prefix.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        claims = request.auth
        if not isinstance(claims, dict) or "api_key" not in claims:
            return False
        scopes = str(claims.get("scope", "")).split()
        return set(getattr(view, "required_scopes", ())) <= set(scopes)
