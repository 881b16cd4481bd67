"""Signal receivers: every change of a user that the gateway has to know becomes a row of the outbox."""

from __future__ import annotations

from functools import wraps
from typing import Any, Optional

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import router, transaction
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete

from .changes import record_changes
from .conf import edge_settings
from .lines import sent_attributes
from .models import PasswordChange

# Set on a user that is saved or deleted because the gateway said so: nothing is sent back.
FROM_GATEWAY = "_simplejwt_edge_from_gateway"

# On a user: the hash that set_password made, until the next save.
HASH_OF_SET_PASSWORD = "_simplejwt_edge_hash"

# Groups and permissions: their names are what the gateway gets.
NAMED = ("groups", "user_permissions")


def connect() -> None:
    """Connects the receivers. Called once, when all models are loaded.

    Senders are named one by one, since a receiver of post_delete for all models would keep Django from deleting rows
    of any model fast.
    """
    user_model = get_user_model()
    _save_in_one_transaction(user_model)
    _note_hashes_of_set_password(user_model)
    for model in apps.get_models():
        if issubclass(model, user_model):
            post_save.connect(user_saved, sender=model, dispatch_uid="simplejwt_edge.saved")
            # A child's row can be deleted alone. With its user, the user model sends a signal of its own.
            if model._meta.concrete_model is user_model._meta.concrete_model:
                post_delete.connect(user_deleted, sender=model, dispatch_uid="simplejwt_edge.deleted")
    for field in _extra_relations():
        through, related = field.remote_field.through, field.related_model
        m2m_changed.connect(members_changed, sender=through, dispatch_uid="simplejwt_edge.members")
        pre_delete.connect(related_deleted, sender=related, dispatch_uid="simplejwt_edge.related")
        if field.name in NAMED:
            post_save.connect(name_saved, sender=related, dispatch_uid="simplejwt_edge.name")


def _extra_relations() -> list[Any]:
    """The many-to-many fields of the user model among EXTRA."""
    extra = edge_settings().extra
    return [field for field in get_user_model()._meta.many_to_many if field.name in extra]


def _save_in_one_transaction(user_model: Any) -> None:
    """Makes Model.save_base of the user model atomic.

    Without a surrounding transaction, Django commits a row before it sends post_save. A process that ends in between
    would leave a changed user without a row in the outbox.
    """
    save_base = user_model.save_base

    @wraps(save_base)
    def atomic_save_base(self: Any, *args: Any, **kwargs: Any) -> Any:
        using = kwargs.get("using") or router.db_for_write(self.__class__, instance=self)
        with transaction.atomic(using=using, savepoint=False):
            return save_base(self, *args, **kwargs)

    user_model.save_base = atomic_save_base


def _note_hashes_of_set_password(user_model: Any) -> None:
    """Lets is_rehash() tell what set_password made from a hash that was assigned by hand."""
    set_password = user_model.set_password

    @wraps(set_password)
    def noting_set_password(self: Any, raw_password: Optional[str]) -> None:
        set_password(self, raw_password)
        self.__dict__[HASH_OF_SET_PASSWORD] = self.password

    user_model.set_password = noting_set_password


def user_key(user: Any) -> str:
    """The primary key of the user model, also for an instance of a child model."""
    return str(getattr(user, get_user_model()._meta.pk.attname))


def is_rehash(user: Any, update_fields: Optional[frozenset[str]]) -> bool:
    """Whether this save stores the same password in another form.

    AbstractBaseUser.check_password calls set_password, sets `_password` to None and saves that one field. Everything
    else is a change: a hash that was assigned by hand, set_unusable_password, and set_password with an ordinary save,
    which resets `_password` only after post_save.
    """
    set_hash = user.__dict__.pop(HASH_OF_SET_PASSWORD, None)
    return (
        update_fields == frozenset({"password"})
        and user._password is None
        and set_hash == user.password
        and user.has_usable_password()
    )


def user_saved(
    sender: Any,
    instance: Any,
    created: bool,
    using: str,
    update_fields: Optional[frozenset[str]],
    **kwargs: Any,
) -> None:
    rehashed = is_rehash(instance, update_fields)
    if getattr(instance, FROM_GATEWAY, False):
        return
    change = PasswordChange.CHANGE
    if update_fields is not None:
        sent = sent_attributes()
        if update_fields == {"last_login"} or (sent is not None and sent.isdisjoint(update_fields)):
            return
        if "password" not in update_fields:
            change = PasswordChange.NONE
        elif rehashed and not created:
            change = PasswordChange.REHASH
    record_changes([user_key(instance)], using=using, password_change=change)


def user_deleted(sender: Any, instance: Any, using: str, **kwargs: Any) -> None:
    if getattr(instance, FROM_GATEWAY, False):
        return
    record_changes([user_key(instance)], using=using, password_change=PasswordChange.CHANGE)


def members_changed(
    sender: Any,
    instance: Any,
    action: str,
    reverse: bool,
    pk_set: Optional[set[Any]],
    using: str,
    **kwargs: Any,
) -> None:
    """A user got or lost groups: user.groups.add(…), or from the other end, group.user_set.add(…)."""
    if not reverse:
        if action in ("post_add", "post_remove", "post_clear"):
            record_changes([user_key(instance)], using=using)
    elif action in ("post_add", "post_remove"):
        record_changes(map(str, pk_set or ()), using=using)
    elif action == "pre_clear":
        for field in _extra_relations():
            if field.remote_field.through is sender:
                _record_users_of(field, instance, using)


def name_saved(sender: Any, instance: Any, created: bool, using: str, **kwargs: Any) -> None:
    """A group or permission got another name: that is what the gateway has of it."""
    if created:
        return
    for field in _extra_relations():
        if field.name in NAMED and isinstance(instance, field.related_model):
            _record_users_of(field, instance, using)


def related_deleted(sender: Any, instance: Any, using: str, **kwargs: Any) -> None:
    """The rows that join users to a group go with the group, without m2m_changed."""
    for field in _extra_relations():
        if isinstance(instance, field.related_model):
            _record_users_of(field, instance, using)


def _record_users_of(field: Any, instance: Any, using: str) -> None:
    users = get_user_model()._base_manager.using(using).filter(**{field.name: instance})
    keys = users.order_by().values_list("pk", flat=True)
    record_changes(map(str, keys.iterator()), using=using)
