"""Writes changes of users into the outbox, and tells the request that made them."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from contextvars import ContextVar
from functools import partial
from typing import Any, Optional

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
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
            # A row that is there at the insertion may be confirmed and gone at the update, which locks it.
            while True:
                _insert_missing(chunk, using)
                if len(chunk) > 1 and connections[using].features.has_select_for_update:
                    # In the order of ids, which an update does not keep.
                    list(rows.select_for_update().filter(pk__in=chunk).order_by("pk").values_list("pk"))
                updated = rows.filter(pk__in=chunk).update(**_new_values(password_change))
                if updated == len(chunk):
                    break
    request_users = changed_users.get()
    if request_users is not None and ids:
        transaction.on_commit(partial(request_users.update, dict.fromkeys(ids)), using=using)


def record_unseen_changes(user_ids: Iterable[str], *, using: str) -> None:
    """Writes rows for users who may have changed without a signal.

    That waits for changes of these users which are not committed yet, but holds no other lock while it waits: whoever
    changes several users in one transaction must not be the victim of a deadlock.
    """
    ids = list(user_ids)
    features = connections[using].features
    if not features.has_select_for_update:
        record_changes(ids, using=using)
        return
    free: set[str] = set()
    if features.has_select_for_update_skip_locked:
        with transaction.atomic(using=using):
            users = get_user_model()._base_manager.using(using).filter(pk__in=user_keys(ids))
            own_row = ("self",) if features.has_select_for_update_of else ()
            lockable = users.order_by().select_for_update(skip_locked=True, of=own_row)
            free = {str(key) for key in lockable.values_list("pk", flat=True)}
            rows = UserChange.objects.using(using).filter(pk__in=free)
            taken = set(rows.values_list("pk", flat=True))
            free -= taken - set(rows.select_for_update(skip_locked=True).values_list("pk", flat=True))
            record_changes(free, using=using)
    for user_id in ids:
        if user_id not in free:
            record_changes([user_id], using=using)


def forget_changes(user_ids: Collection[str], version: int, *, using: str) -> None:
    """Removes rows that have this version. One that a transaction is just changing stays."""
    rows = UserChange.objects.using(using)
    features = connections[using].features
    if not features.has_select_for_update:
        rows.filter(pk__in=user_ids, version=version).delete()
    elif not features.has_select_for_update_skip_locked:
        for user_id in user_ids:
            rows.filter(pk=user_id, version=version).delete()
    else:
        with transaction.atomic(using=using):
            free = rows.select_for_update(skip_locked=True).filter(pk__in=user_ids, version=version)
            rows.filter(pk__in=list(free.values_list("pk", flat=True))).delete()


def user_keys(user_ids: Iterable[str]) -> list[Any]:
    """Ids as values of the primary key, without those that are none of this model."""
    field = get_user_model()._meta.pk
    keys = []
    for user_id in user_ids:
        try:
            keys.append(field.to_python(user_id))
        except (ValidationError, ValueError):
            continue
    return keys


def _new_values(password_change: int) -> dict[str, Any]:
    now = microseconds()
    return {
        "version": Case(
            When(version__gte=now, then=F("version") + 1),
            default=Value(now),
            output_field=BigIntegerField(),
        ),
        "password_change": Case(
            When(password_change__lt=password_change, then=Value(int(password_change))),
            default=F("password_change"),
            output_field=PositiveSmallIntegerField(),
        ),
    }


def _insert_missing(user_ids: list[str], using: str) -> None:
    rows = UserChange.objects.using(using)
    new = [UserChange(user_id=user_id, version=0) for user_id in user_ids]
    if connections[using].features.supports_ignore_conflicts:
        rows.bulk_create(new, ignore_conflicts=True)
        return
    for row in new:
        rows.get_or_create(user_id=row.user_id, defaults={"version": 0})
