"""Makes the lines that describe users to the gateway, from the rows as they are now."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timezone as datetime_timezone
from typing import Any, Optional

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import FieldDoesNotExist
from django.core.serializers.json import DjangoJSONEncoder
from django.db import router
from django.db.models import Model
from django.utils import timezone

from .changes import user_keys
from .conf import edge_settings, simple_jwt_setting
from .models import GatewayUser, PasswordChange, UserChange

TEXTS = ("first_name", "last_name")
FLAGS = ("is_active", "is_staff", "is_superuser")


@dataclass(frozen=True)
class Line:
    """A line of the protocol, for a row of the outbox."""

    user_id: str
    version: int
    password_change: int
    values: dict[str, Any]

    def encode(self) -> bytes:
        return json.dumps(self.values, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "replace"
        )


def users_database() -> str:
    """The database that users are written to: read there, because a replica may be behind."""
    return str(router.db_for_write(get_user_model()))


def lines_of(user_ids: Sequence[str], *, using: str) -> list[Line]:
    """The lines of those of these users who are in the outbox.

    A row is read before and after its user. When it changed in between, the user is left out, since the row would be
    confirmed for another state, or a new password sent as a mere rehash; the next run sends it.
    """
    rows = UserChange.objects.using(using).filter(pk__in=user_ids)
    before = {row.pk: row for row in rows}
    users = _users(before, using)
    after = dict(rows.values_list("pk", "version"))
    notes = GatewayUser.objects.using(using).filter(pk__in=list(before), password_changed=True)
    with_older_hash = set(notes.values_list("pk", flat=True))
    lines = []
    for user_id, row in before.items():
        if after.get(user_id) != row.version:
            continue
        user, change = users.get(user_id), row.password_change
        if user is None:
            values: dict[str, Any] = {"id": user_id, "version": row.version, "deleted": True}
        else:
            values = user_values(user, user_id, row.version)
            if user_id in with_older_hash and change != PasswordChange.CHANGE:
                del values["password"]
            elif change == PasswordChange.REHASH:
                values["rehash"] = True
        lines.append(Line(user_id, row.version, change, values))
    return lines


def user_values(user: Any, user_id: str, version: int) -> dict[str, Any]:
    """What the gateway gets of a user, by Django's names."""
    model = get_user_model()
    values: dict[str, Any] = {"id": user_id, "version": version, "password": user.password}
    for name in TEXTS:
        if _has_field(model, name):
            values[name] = getattr(user, name) or ""
    email = model.get_email_field_name()
    if _has_field(model, email):
        values["email"] = getattr(user, email) or ""
    values[model.USERNAME_FIELD] = str(user.get_username())
    # Often properties: `is_staff` returns self.is_admin in Django's own example of a user model.
    values.update({name: bool(getattr(user, name)) for name in FLAGS if hasattr(user, name)})
    if _has_field(model, "date_joined"):
        values["date_joined"] = _time_text(user.date_joined)
    alternate = _alternate_id_field(model)
    if alternate is not None:
        value = getattr(user, alternate)
        values[alternate] = None if value is None else str(value)
    extra = edge_settings().extra
    if extra:
        values["extra"] = {name: _extra_value(user, name) for name in extra}
    return values


def sent_attributes() -> Optional[frozenset[str]]:
    """The fields that lines are made of; None where a property is among them, which may depend on any field."""
    model = get_user_model()
    names = {"password", model.USERNAME_FIELD, model.get_email_field_name(), *TEXTS, "date_joined"}
    names |= {_alternate_id_field(model) or "password"}
    names = {name for name in names if _has_field(model, name)}
    for name in (*FLAGS, *edge_settings().extra):
        attname = _field_names(model, name)
        if attname:
            names |= attname
        elif not isinstance(getattr(model, name, True), bool):
            return None
    return frozenset(names)


def _users(user_ids: Iterable[str], using: str) -> dict[str, Any]:
    model = get_user_model()
    keys = user_keys(user_ids)
    users = model._base_manager.using(using)
    related = [name for name in edge_settings().extra if _is_many_to_many(model, name)]
    paths = ["user_permissions__content_type" if name == "user_permissions" else name for name in related]
    found = users.filter(pk__in=keys).prefetch_related(*paths) if keys else ()
    return {str(user.pk): user for user in found}


def _extra_value(user: Any, name: str) -> Any:
    value = getattr(user, name)
    if hasattr(value, "all"):
        return sorted((_name_of(one) for one in value.all()), key=str)
    if isinstance(value, Model):
        return value.pk
    return value


def _name_of(one: Any) -> Any:
    if isinstance(one, Group):
        return one.name
    if isinstance(one, Permission):
        return f"{one.content_type.app_label}.{one.codename}"
    return one.pk


def _time_text(value: Any) -> Optional[str]:
    if value is None:
        return None
    if timezone.is_naive(value):
        value = timezone.make_aware(value, timezone.get_default_timezone())
    text = value.astimezone(datetime_timezone.utc).replace(tzinfo=None).isoformat()
    return f"{text}Z"


def _alternate_id_field(model: Any) -> Optional[str]:
    """Simple JWT's USER_ID_FIELD, where that is neither the primary key nor USERNAME_FIELD."""
    name = simple_jwt_setting("USER_ID_FIELD", None)
    if name is None or name in ("pk", model._meta.pk.name, model.USERNAME_FIELD):
        return None
    return name if _has_field(model, name) else None


def _has_field(model: Any, name: str) -> bool:
    return bool(_field_names(model, name))


def _field_names(model: Any, name: str) -> set[str]:
    """Name and attname of a concrete field: save(update_fields=…) may have either."""
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        field = next((one for one in model._meta.concrete_fields if one.attname == name), None)
    if field is None or not (field.concrete or field.many_to_many):
        return set()
    return {field.name, getattr(field, "attname", field.name)}


def _is_many_to_many(model: Any, name: str) -> bool:
    try:
        return bool(model._meta.get_field(name).many_to_many)
    except FieldDoesNotExist:
        return False
