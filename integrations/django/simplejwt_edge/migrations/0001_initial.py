"""The two tables."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies: list[tuple[str, str]] = []

    operations = [
        migrations.CreateModel(
            name="GatewayUser",
            fields=[
                (
                    "user_id",
                    models.CharField(
                        max_length=255,
                        primary_key=True,
                        serialize=False,
                        verbose_name="the user's primary key as text",
                    ),
                ),
                (
                    "sequence",
                    models.BigIntegerField(default=0, verbose_name="of the last event; older ones are dropped"),
                ),
                (
                    "password_changed",
                    models.BooleanField(
                        default=False,
                        verbose_name="the password was changed at the gateway, and not here since",
                    ),
                ),
                (
                    "deleted",
                    models.BooleanField(
                        default=False,
                        verbose_name="deleted at the gateway, and not changed here since",
                    ),
                ),
            ],
            options={
                "verbose_name": "user of whom the gateway sent events",
                "verbose_name_plural": "users of whom the gateway sent events",
            },
        ),
        migrations.CreateModel(
            name="UserChange",
            fields=[
                (
                    "user_id",
                    models.CharField(
                        max_length=255,
                        primary_key=True,
                        serialize=False,
                        verbose_name="the user's primary key as text",
                    ),
                ),
                (
                    "version",
                    models.BigIntegerField(verbose_name="microseconds since 1970 at the last change"),
                ),
                (
                    "password_change",
                    models.PositiveSmallIntegerField(choices=[(0, "None"), (1, "Rehash"), (2, "Change")], default=0),
                ),
            ],
            options={
                "verbose_name": "unconfirmed change of a user",
                "verbose_name_plural": "unconfirmed changes of users",
            },
        ),
    ]
