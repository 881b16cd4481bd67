"""Adds X-Gateway-Users to responses: the gateway learns of changed users before the client has the answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Union

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse

from .changes import changed_users
from .conf import edge_settings
from .lines import lines_of, users_database
from .protocol import seal_users

HEADER = "X-Gateway-Users"
# More do not fit into the header; they are left to push_users.
MOST_USERS = 10

logger = logging.getLogger("simplejwt_edge")


class GatewayUsersMiddleware:
    """Its place in MIDDLEWARE does not matter: what a view changed is committed before the response reaches it.

    Only a request with X-Request-Id gets the header, since the gateway takes it for that request alone. The changes
    stay in the outbox until a push has confirmed them.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Union[HttpResponse, Awaitable[HttpResponse]]:
        if self._is_async:
            return self._async_call(request)
        changed: dict[str, None] = {}
        token = changed_users.set(changed)
        try:
            response = self.get_response(request)
        finally:
            changed_users.reset(token)
        if changed:
            add_header(request, response, list(changed))
        return response

    async def _async_call(self, request: HttpRequest) -> HttpResponse:
        changed: dict[str, None] = {}
        token = changed_users.set(changed)
        try:
            response = await self.get_response(request)
        finally:
            changed_users.reset(token)
        if changed:
            await sync_to_async(add_header)(request, response, list(changed))
        return response


def add_header(request: HttpRequest, response: HttpResponse, user_ids: Sequence[str]) -> None:
    """Tells of these users. A failure costs the header, never the response: the outbox has the changes."""
    request_id = request.headers.get("X-Request-Id")
    edge = edge_settings()
    if not request_id or not edge.keys:
        return
    try:
        lines = lines_of(user_ids[:MOST_USERS], using=users_database())
        sealed = seal_users(
            edge.keys[0],
            request_id=request_id,
            now=int(time.time()),
            lines=[line.encode() for line in lines],
        )
    except Exception:
        logger.exception("%s could not be made; push_users sends the changes.", HEADER)
        return
    if sealed is not None:
        response[HEADER] = sealed
