"""manage.py push_users: sends users to the gateway."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from ...client import GatewayError
from ...lines import users_database
from ...models import GatewayUser, UserChange
from ...push import Counts, Push, TooManyDeletions

# The exit code when the gateway refused users, and everything else was sent. 1: anything else that went wrong.
SOME_REFUSED = 3
# Refusals that are named without --verbosity 2.
FEW = 10


class Command(BaseCommand):
    help = (
        "Sends changed users to the gateway: those whose changes it has not confirmed. Run it every minute, by cron or "
        "Celery beat."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--all",
            action="store_true",
            help="send all users: at first, and after changes without signals, such as QuerySet.update()",
        )
        which.add_argument(
            "--compare",
            action="store_true",
            help="send the users whom the gateway lacks or has otherwise, and delete those there who are not here",
        )
        parser.add_argument(
            "--force",
            action="store_true",
            help="with --compare: delete even if these are more than half of the gateway's users",
        )
        which.add_argument(
            "--forget",
            nargs="+",
            metavar="ID",
            help="send nothing, and remove the unconfirmed changes of these users, which the gateway refuses",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._handle(options)
        except DatabaseError as error:
            missing = _missing_tables()
            if not missing:
                raise
            raise CommandError(missing) from error

    def _handle(self, options: dict[str, Any]) -> None:
        if options["forget"]:
            rows = UserChange.objects.using(users_database()).filter(pk__in=options["forget"])
            self.stdout.write(f"{rows.delete()[0]} forgotten")
            return
        is_long = bool(options["all"] or options["compare"]) and options["verbosity"] > 0
        try:
            push = Push(report=self._progress if is_long and self.stderr.isatty() else _nothing)
        except GatewayError as error:
            raise CommandError(str(error)) from error
        try:
            if options["all"]:
                push.everyone()
            elif options["compare"]:
                push.compare(force=options["force"])
            else:
                push.outbox()
        except (GatewayError, TooManyDeletions) as error:
            raise CommandError(
                f"{error}\nSo far: {_words(push.counts)}. What was not confirmed is sent by the next run."
            ) from error
        if options["verbosity"] > 0:
            self.stdout.write(_words(push.counts))
        if options["verbosity"] > 1:
            for user_id in push.counts.unknown_ids:
                self.stdout.write(f"only at the gateway: {user_id}")
        self._tell_refusals(push.counts, len(push.counts.refusals) if options["verbosity"] > 1 else FEW)

    def _tell_refusals(self, counts: Counts, most: int) -> None:
        if not counts.refused:
            return
        named = counts.refusals[:most]
        for refusal in named:
            self.stderr.write(f"refused: {refusal}")
        if counts.refused > len(named):
            hint = ", with --verbosity 2" if len(counts.refusals) > len(named) else ""
            self.stderr.write(f"refused: {counts.refused - len(named)} more{hint}")
        raise CommandError("The gateway refused users. They stay in the outbox.", returncode=SOME_REFUSED)

    def _progress(self, counts: Counts) -> None:
        self.stderr.write(f"\r{_words(counts)}", ending="")


def _missing_tables() -> str:
    """What to do about tables that are not there; empty if all are."""
    using = users_database()
    wanted = {model._meta.db_table for model in (get_user_model(), GatewayUser, UserChange)}
    missing = sorted(wanted.difference(connections[using].introspection.table_names()))
    if not missing:
        return ""
    database = "" if using == DEFAULT_DB_ALIAS else f" --database {using}"
    return f"These tables are missing: {', '.join(missing)}. Run: manage.py migrate{database}"


def _nothing(counts: Counts) -> None:
    return None


def _words(counts: Counts) -> str:
    text = f"{counts.applied} applied, {counts.unchanged} unchanged, {counts.refused} refused"
    if counts.deleted:
        text += f" ({counts.deleted} deleted)"
    if counts.outdated:
        text += f", {counts.outdated} sent again with a later version"
    if counts.unknown:
        text += f"; {counts.unknown} users of the gateway never came from here and stay"
    return text
