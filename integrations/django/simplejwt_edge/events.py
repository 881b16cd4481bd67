"""Applies the gateway's events: log-ins, and users who were changed or deleted there."""

from __future__ import annotations

import logging
from datetime import datetime, timezone
from typing import Any, Optional

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import DatabaseError, transaction
from django.db.models import ProtectedError, Q, RestrictedError
from django.http import HttpRequest

from .changes import user_keys
from .conf import edge_settings
from .lines import FLAGS, TEXTS, users_database
from .models import GatewayUser
from .receivers import FROM_GATEWAY
from .signals import gateway_event

logger = logging.getLogger("simplejwt_edge")


def apply_event(claims: dict[str, Any], request: HttpRequest) -> bool:
    """Applies a verified event once. False for one that is not above the last of its user."""
    using = users_database()
    with transaction.atomic(using=using):
        notes = GatewayUser.objects.using(using)
        notes.get_or_create(pk=claims["sub"])
        note = notes.select_for_update().get(pk=claims["sub"])
        if claims["sequence"] <= note.sequence:
            return False
        note.sequence = claims["sequence"]
        user = _find_user(claims["sub"], using)
        if claims["event"] == "user_changed":
            data = claims.get("data", {})
            note.deleted = False
            note.password_changed = note.password_changed or data.get("password_changed") is True
            if user is not None:
                _change(user, data, using)
        elif claims["event"] == "user_deleted":
            note.deleted = True
            if user is not None:
                user = _delete(user, using)
        note.save(using=using)
    # After the commit, as after a log-in here. A receiver that fails must not bring the event back for ever.
    if claims["event"] == "login" and user is not None:
        _log_in(user, claims["at"], request, using)
    _send(
        gateway_event,
        sender=GatewayUser,
        event=claims["event"],
        user=user,
        claims=claims,
        request=request,
    )
    return True


def _find_user(user_id: str, using: str) -> Optional[Any]:
    users = get_user_model()._base_manager.using(using)
    return users.filter(pk__in=user_keys([user_id])).first()


def _log_in(user: Any, at: int, request: HttpRequest, using: str) -> None:
    """Sends user_logged_in. Django's own receiver writes the time of now, so that of the log-in is written after it."""
    before = getattr(user, "last_login", None)
    _send(user_logged_in, sender=user.__class__, request=request, user=user)
    if not any(field.name == "last_login" for field in user._meta.concrete_fields):
        return
    moment: datetime = datetime.fromtimestamp(at, timezone.utc)
    if not settings.USE_TZ:
        moment = datetime.fromtimestamp(at)
    last = moment if before is None or before < moment else before
    user.last_login = last
    # update() sends no signal; and a later log-in here, meanwhile, stays.
    users = user.__class__._base_manager.using(using).filter(pk=user.pk)
    users.filter(Q(last_login=None) | Q(last_login__gte=last)).update(last_login=last)


def _change(user: Any, data: dict[str, Any], using: str) -> None:
    """Sets the fields of Django's names that the model has. Others are left to gateway_event."""
    names = {user.USERNAME_FIELD, user.get_email_field_name(), *TEXTS, *FLAGS}
    changed = []
    for name in sorted(names & data.keys()):
        try:
            field = user._meta.get_field(name)
        except FieldDoesNotExist:
            continue
        if isinstance(data[name], bool if name in FLAGS else str) and getattr(user, name) != data[name]:
            setattr(user, field.attname, data[name])
            changed.append(name)
    if changed:
        _save(user, changed, using)


def _save(user: Any, names: list[str], using: str) -> None:
    setattr(user, FROM_GATEWAY, True)
    try:
        with transaction.atomic(using=using):
            user.save(using=using, update_fields=names)
    except (DatabaseError, ValidationError):
        # Such as a name that another user has here: the row stays as it is, and the next push says so to the gateway.
        logger.exception("User %s could not be changed as at the gateway (%s).", user.pk, ", ".join(names))
        user.refresh_from_db(using=using)
    finally:
        delattr(user, FROM_GATEWAY)


def _delete(user: Any, using: str) -> Optional[Any]:
    """Deletes or deactivates; gives the user if there still is one."""
    if edge_settings().options["DELETE_USERS"]:
        key = user.pk
        setattr(user, FROM_GATEWAY, True)
        try:
            with transaction.atomic(using=using):
                user.delete(using=using)
            return None
        except (ProtectedError, RestrictedError):
            user.pk = key
            logger.warning("User %s is needed by other rows and was deactivated.", key)
        finally:
            delattr(user, FROM_GATEWAY)
    if any(field.name == "is_active" for field in user._meta.concrete_fields) and user.is_active:
        user.is_active = False
        _save(user, ["is_active"], using)
    return user


def _send(signal: Any, **arguments: Any) -> None:
    for receiver, result in signal.send_robust(**arguments):
        if isinstance(result, Exception):
            logger.error("The receiver %r of an event failed.", receiver, exc_info=result)
