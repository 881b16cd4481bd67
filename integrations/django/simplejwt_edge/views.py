"""The view that takes the gateway's events (EVENTS_URL)."""

from __future__ import annotations

import logging
import time
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from .conf import edge_settings
from .events import apply_event
from .protocol import InvalidEvent, open_event

try:
    # Django 5.1, for LoginRequiredMiddleware.
    from django.contrib.auth.decorators import login_not_required
except ImportError:

    def login_not_required(view_func: Any) -> Any:
        return view_func


MOST_BYTES = 64 * 1024

logger = logging.getLogger("simplejwt_edge")


@csrf_exempt
@login_not_required
@require_POST
def events(request: HttpRequest) -> HttpResponse:
    """Takes one event. 204: applied, or older than the last one of its user; 401: not by the gateway."""
    body = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        return JsonResponse({"detail": "Too large."}, status=413)
    try:
        claims = open_event(
            body.decode("ascii", "replace").strip(),
            edge_settings().keys,
            now=int(time.time()),
            is_audience=lambda audience: _is_audience(audience, request),
        )
    except InvalidEvent as error:
        logger.warning("An event was refused: %s.", error)
        return JsonResponse({"detail": "This is not an event of the gateway."}, status=401)
    apply_event(claims, request)
    return HttpResponse(status=204)


def _is_audience(audience: str, request: HttpRequest) -> bool:
    """Whether the event is for this URL. The scheme is not compared, since a proxy may have ended TLS."""
    expected = edge_settings().options["EVENTS_URL"]
    if expected:
        return bool(audience == expected)
    parts = urlsplit(audience)
    return (parts.netloc.lower(), parts.path) == (request.get_host().lower(), request.path)
