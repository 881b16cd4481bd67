"""manage.py push_users: sends users to the gateway."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ...client import GatewayError
from ...push import Counts, Push, TooManyDeletions


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

    def handle(self, *args: Any, **options: Any) -> None:
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
        for refusal in push.counts.refusals:
            self.stderr.write(f"refused: {refusal}")
        if push.counts.refused:
            raise CommandError("The gateway refused users. They stay in the outbox.")

    def _progress(self, counts: Counts) -> None:
        self.stderr.write(f"\r{_words(counts)}", ending="")


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
