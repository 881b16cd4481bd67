"""HTTP to the gateway's provisioning endpoints, with the standard library."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Optional
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, Request, build_opener

from . import __version__
from .conf import EdgeSettings, edge_settings
from .protocol import sign_request

USERS_PATH = "/_gateway/users/"
# The gateway takes 1,000. Each line that ends a user's sessions costs it one or two operations on KV, of which Workers have
# 1,000 in a request.
MOST_LINES = 450
MOST_BYTES = 4 * 1024 * 1024
MOST_ANSWER_BYTES = 8 * 1024 * 1024
RESULTS = ("applied", "unchanged", "outdated", "refused")


class GatewayError(Exception):
    """The gateway could not be asked, or answered otherwise than the protocol says."""


@dataclass(frozen=True)
class Result:
    """What became of one line."""

    id: Optional[str]
    """None if the gateway could not read it, in a refused line."""
    result: str
    version: Optional[int]
    """For "outdated": the version that the gateway keeps."""
    error: str


@dataclass(frozen=True)
class ListedUser:
    id: str
    version: Optional[int]
    """None: no change of this user ever came from here."""
    is_active: bool


class _NoRedirects(HTTPRedirectHandler):
    """A redirect would take the signed request elsewhere, so it is an error."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


class Gateway:
    """The provisioning endpoints of SIMPLEJWT_EDGE_URL."""

    def __init__(self, edge: Optional[EdgeSettings] = None) -> None:
        self._edge = edge or edge_settings()
        if not self._edge.is_configured:
            raise GatewayError("SIMPLEJWT_EDGE_URL and SIMPLEJWT_EDGE_KEY are not set.")
        self._opener = build_opener(_NoRedirects())

    def send(self, lines: Sequence[bytes]) -> list[Result]:
        """Sends at most MOST_LINES lines of at most MOST_BYTES together. The results have the order of the lines."""
        body = b"\n".join(lines) + b"\n"
        text = self._ask("POST", USERS_PATH, body, "application/x-ndjson")
        try:
            results = [_result(json.loads(line)) for line in text.splitlines() if line.strip()]
        except (ValueError, TypeError, KeyError) as error:
            raise GatewayError(f"The gateway's answer is not NDJSON of results: {error!r}") from error
        if len(results) != len(lines):
            raise GatewayError(f"The gateway answered {len(lines)} lines with {len(results)}.")
        return results

    def users(self) -> Iterator[list[ListedUser]]:
        """All users of the gateway, in pages, ordered by their ids as text."""
        after: Optional[str] = ""
        while after is not None:
            query = f"?after={quote(after, safe='')}" if after else ""
            text = self._ask("GET", USERS_PATH + query)
            try:
                page = json.loads(text)
                users = [ListedUser(str(one["id"]), one["version"], bool(one["is_active"])) for one in page["users"]]
                following = page["next"]
            except (ValueError, TypeError, KeyError) as error:
                raise GatewayError(f"The gateway's list of users is not readable: {error!r}") from error
            if following is not None and following <= after:
                raise GatewayError("The gateway's list of users does not end.")
            yield users
            after = following

    def end_sessions(self, user_id: str) -> None:
        """Ends all sessions of a user, and with them every token that was issued before now."""
        path = f"{USERS_PATH}{quote(user_id, safe='')}/logout/"
        self._ask("POST", path, version=time.time_ns() // 1000)

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        content_type: Optional[str] = None,
        version: Optional[int] = None,
    ) -> str:
        url = self._edge.url + path
        token = sign_request(
            self._edge.keys[0],
            method=method,
            url=url,
            body=body,
            now=int(time.time()),
            version=version,
        )
        headers = {
            "Authorization": f"Bearer {token}",
            "User-Agent": f"simplejwt-edge-django/{__version__}",
        }
        if content_type is not None:
            headers["Content-Type"] = content_type
        request = Request(url, data=body or None, headers=headers, method=method)
        try:
            with self._opener.open(request, timeout=self._edge.options["TIMEOUT"]) as answer:
                data = answer.read(MOST_ANSWER_BYTES + 1)
        except HTTPError as error:
            with error:
                raise GatewayError(f"{method} {url}: {_refusal(error)}") from error
        except (URLError, HTTPException, OSError) as error:
            reason = getattr(error, "reason", None) or repr(error)
            raise GatewayError(f"{method} {url}: no answer ({reason})") from error
        if len(data) > MOST_ANSWER_BYTES:
            raise GatewayError(f"{method} {url}: the answer is too large")
        return str(data.decode("utf-8", "replace"))


def _refusal(error: HTTPError) -> str:
    hints = {
        401: "the key is another one than PROVISIONING_KEY, SIMPLEJWT_EDGE_URL is not the URL that "
        "the gateway sees, or the clocks differ by more than 300 s",
        404: "PROVISIONING_KEY is not set at the gateway",
    }
    hint = hints.get(error.code)
    detail = error.read(300).decode("utf-8", "replace").strip()
    return f"{error.code} {hint or detail or error.reason}"


def _result(answer: Any) -> Result:
    if answer["result"] not in RESULTS:
        raise ValueError("an unknown result")
    version = answer.get("version")
    if version is not None and not isinstance(version, int):
        raise ValueError("version is not an integer")
    user_id = None if answer["id"] is None else str(answer["id"])
    return Result(user_id, answer["result"], version, str(answer.get("error", "")))
