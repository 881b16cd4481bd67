"""Two small tables: the changes that the gateway has not confirmed, and the last event of each user."""

from __future__ import annotations

from django.db import models


class PasswordChange(models.IntegerChoices):
    """What the unconfirmed changes of a user did to the password. The greater one counts."""

    NONE = 0
    REHASH = 1
    """Django stored the same password in another form (User.check_password)."""
    CHANGE = 2


class UserChange(models.Model):
    """The outbox: one row for each user whose last change the gateway has not confirmed.

    It is written in the transaction of the change. What the user is like is read when the row is sent, so it holds
    no name and no hash, and a user without a row in the user table was deleted.
    """

    user_id = models.CharField("the user's primary key as text", max_length=255, primary_key=True)
    version = models.BigIntegerField("microseconds since 1970 at the last change")
    password_change = models.PositiveSmallIntegerField(choices=PasswordChange.choices, default=PasswordChange.NONE)

    class Meta:
        verbose_name = "unconfirmed change of a user"
        verbose_name_plural = "unconfirmed changes of users"

    def __str__(self) -> str:
        return f"user {self.user_id}, version {self.version}"


class GatewayUser(models.Model):
    """What events of the gateway said about a user."""

    user_id = models.CharField("the user's primary key as text", max_length=255, primary_key=True)
    sequence = models.BigIntegerField("of the last event; older ones are dropped", default=0)
    password_changed = models.BooleanField("the password was changed at the gateway, and not here since", default=False)
    deleted = models.BooleanField("deleted at the gateway, and not changed here since", default=False)

    class Meta:
        verbose_name = "user of whom the gateway sent events"
        verbose_name_plural = "users of whom the gateway sent events"

    def __str__(self) -> str:
        return f"user {self.user_id}, sequence {self.sequence}"
