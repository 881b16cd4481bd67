"""Writes changes of users into the outbox, and tells the request that made them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextvars import ContextVar
from functools import partial
from typing import Optional

from django.db import connections, transaction
from django.db.models import BigIntegerField, Case, F, PositiveSmallIntegerField, Value, When

from .models import PasswordChange, UserChange

# The users that the current request changed, in order; a dict, because a set has none. The middleware sets it.
# Threads and tasks that asgiref starts for the request see the same object.
changed_users: ContextVar[Optional[dict[str, None]]] = ContextVar("changed_users", default=None)


# Rows in one statement. SQLite before 3.32 took 999 parameters.
CHUNK = 300


def microseconds() -> int:
    """The clock that versions come from."""
    return time.time_ns() // 1000


def record_changes(user_ids: Iterable[str], *, using: str, password_change: int = PasswordChange.NONE) -> None:
    """Writes a row for each user, within the current transaction.

    A version is never below the one before, also if the clock was set back. A row is locked until the transaction ends,
    so two changes of one user get their versions in the order in which they are committed. Sorted, so that transactions
    that change several users lock their rows in the same order.
    """
    ids = sorted(set(user_ids))
    rows = UserChange.objects.using(using)
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        with transaction.atomic(using=using, savepoint=False):
            _insert_missing(chunk, using)
            now = microseconds()
            rows.filter(pk__in=chunk).update(
                version=Case(
                    When(version__gte=now, then=F("version") + 1),
                    default=Value(now),
                    output_field=BigIntegerField(),
                ),
                password_change=Case(
                    When(password_change__lt=password_change, then=Value(int(password_change))),
                    default=F("password_change"),
                    output_field=PositiveSmallIntegerField(),
                ),
            )
    request_users = changed_users.get()
    if request_users is not None and ids:
        transaction.on_commit(partial(request_users.update, dict.fromkeys(ids)), using=using)


def _insert_missing(user_ids: list[str], using: str) -> None:
    rows = UserChange.objects.using(using)
    new = [UserChange(user_id=user_id, version=0) for user_id in user_ids]
    if connections[using].features.supports_ignore_conflicts:
        rows.bulk_create(new, ignore_conflicts=True)
        return
    for row in new:
        rows.get_or_create(user_id=row.user_id, defaults={"version": 0})
