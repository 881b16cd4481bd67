"""Sends users to the gateway: those in the outbox, all, or those that differ there.

Memory does not grow with the number of users: they are read in parts by primary key, and the gateway's list is kept in
a temporary SQLite file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from django.contrib.auth import get_user_model

from .changes import forget_changes, microseconds, record_unseen_changes
from .client import MOST_BYTES, MOST_LINES, Gateway, GatewayError, ListedUser, Result
from .lines import Line, lines_of, users_database
from .models import GatewayUser, PasswordChange, UserChange

# Users that are read at a time. SQLite before 3.32 took 999 parameters.
CHUNK = 900
# Rounds in which users are sent again whose version was behind the gateway's.
ROUNDS = 3
# Beyond these, something is wrong with the settings and not with single users.
MOST_REFUSED = 10_000
# Where more than half of the users (and more than these) would be deleted, somebody has to say so.
FEW = 10


class TooManyDeletions(Exception):
    """A comparison would delete most users of the gateway."""


@dataclass
class Counts:
    applied: int = 0
    unchanged: int = 0
    outdated: int = 0
    refused: int = 0
    deleted: int = 0
    """Of the applied ones."""
    unknown: int = 0
    """Users of the gateway whom this project never had, by a comparison. They stay."""
    unknown_ids: list[str] = field(default_factory=list)
    """The first of them, for people."""
    refusals: list[str] = field(default_factory=list)
    """The first ones, for people."""


class Push:
    """One run. `report` gets the counts after each batch."""

    def __init__(
        self,
        gateway: Optional[Gateway] = None,
        *,
        using: Optional[str] = None,
        report: Callable[[Counts], None] = lambda counts: None,
    ) -> None:
        self._gateway = gateway or Gateway()
        self._using = using or users_database()
        self._report = report
        self._behind: list[str] = []
        # Not sent again in this run.
        self._refused: set[str] = set()
        self.counts = Counts()

    def outbox(self) -> None:
        """Sends the changes that are not confirmed."""
        for user_ids in self._outbox_ids():
            self._send(user_ids)
        self._send_those_behind()

    def everyone(self) -> None:
        """Sends all users and the deletions of the outbox."""
        for keys in _parts_by_key(self._using):
            self._record_and_send([str(key) for key in keys])
        self.outbox()

    def compare(self, *, force: bool = False) -> None:
        """Sends the outbox, then whom the gateway lacks or has otherwise; deletes there who is not here.

        :raises TooManyDeletions: before anything is deleted, unless `force`.
        """
        self.outbox()
        listing = _Listing()
        try:
            for page in self._gateway.users():
                listing.add(page)
            for keys in _parts_by_key(self._using):
                self._compare_part(keys, listing)
            self._delete_unknown(listing, force)
        finally:
            listing.close()
        self._send_those_behind()

    def _outbox_ids(self) -> Iterator[list[str]]:
        rows = UserChange.objects.using(self._using).order_by("pk")
        last: Optional[str] = None
        while True:
            part = rows if last is None else rows.filter(pk__gt=last)
            user_ids = list(part.values_list("pk", flat=True)[:CHUNK])
            if not user_ids:
                return
            yield user_ids
            last = user_ids[-1]

    def _send(self, user_ids: Sequence[str]) -> None:
        wanted = [user_id for user_id in user_ids if user_id not in self._refused]
        for batch in _batches(self._encoded(lines_of(wanted, using=self._using))):
            results = self._gateway.send([encoded for _, encoded in batch])
            self._take([line for line, _ in batch], results)
            self._report(self.counts)

    def _encoded(self, lines: Iterable[Line]) -> Iterator[tuple[Line, bytes]]:
        """Without those that no request can have: they count as refused."""
        for line in lines:
            try:
                encoded = line.encode()
            except (TypeError, ValueError) as error:
                self._refuse(line, str(error))
                continue
            if len(encoded) + 1 > MOST_BYTES:
                self._refuse(line, f"longer than {MOST_BYTES - 1} bytes")
            else:
                yield line, encoded

    def _refuse(self, line: Line, error: str) -> None:
        self.counts.refused += 1
        self._refused.add(line.user_id)
        if len(self.counts.refusals) < CHUNK:
            self.counts.refusals.append(f"user {line.user_id}: {error}")

    def _record_and_send(self, user_ids: Sequence[str]) -> None:
        """Sends these users as if they had just changed.

        A version that is only the time of reading would be wrong: a change that is not committed yet has an earlier
        one, and would lose against the row as it was before. The row of the outbox waits for that change.
        """
        notes = GatewayUser.objects.using(self._using).filter(pk__in=user_ids, deleted=True)
        deleted = set(notes.values_list("pk", flat=True))
        if deleted:
            # Deleted at the gateway: only a change here makes them again.
            rows = UserChange.objects.using(self._using).filter(pk__in=deleted)
            deleted -= set(rows.values_list("pk", flat=True))
        wanted = [user_id for user_id in user_ids if user_id not in deleted]
        record_unseen_changes(wanted, using=self._using)
        self._send(wanted)

    def _send_those_behind(self) -> None:
        for _ in range(ROUNDS):
            if not self._behind:
                return
            user_ids, self._behind = self._behind, []
            for start in range(0, len(user_ids), CHUNK):
                self._send(user_ids[start : start + CHUNK])

    def _take(self, lines: Sequence[Line], results: Sequence[Result]) -> None:
        confirmed = []
        for line, result in zip(lines, results):
            # Of a refused line, the gateway may not have been able to read the id.
            if result.id != line.user_id and (result.result != "refused" or result.id is not None):
                raise GatewayError("The gateway's results are not in the order of the lines.")
            if result.result == "refused":
                self._refuse(line, result.error)
                continue
            setattr(self.counts, result.result, getattr(self.counts, result.result) + 1)
            if result.result == "outdated":
                self._overtake(line, result.version)
            else:
                if result.result == "applied" and line.values.get("deleted"):
                    self.counts.deleted += 1
                confirmed.append(line)
        self._confirm(confirmed)
        if len(self._refused) > MOST_REFUSED:
            raise GatewayError(f"The gateway refuses users, such as {self.counts.refusals[0]}")

    def _confirm(self, lines: Sequence[Line]) -> None:
        """Removes rows, unless there was another change since."""
        by_version: dict[int, list[str]] = {}
        for line in lines:
            by_version.setdefault(line.version, []).append(line.user_id)
        for version, same in by_version.items():
            forget_changes(same, version, using=self._using)
        user_ids = [line.user_id for line in lines]
        changed = [line.user_id for line in lines if line.password_change == PasswordChange.CHANGE]
        notes = GatewayUser.objects.using(self._using)
        notes.filter(pk__in=user_ids, deleted=True).update(deleted=False)
        notes.filter(pk__in=changed, password_changed=True).update(password_changed=False)

    def _overtake(self, line: Line, kept: Optional[int]) -> None:
        """Gives the row a version above the gateway's, because this project's state is right.

        The gateway has a later one than that of the last change here: some server's clock was ahead.
        """
        if kept is None:
            return
        rows = UserChange.objects.using(self._using).filter(pk=line.user_id, version__lte=kept)
        rows.update(version=max(microseconds(), kept + 1))
        self._behind.append(line.user_id)

    def _compare_part(self, keys: Sequence[Any], listing: _Listing) -> None:
        active = _active(keys, self._using)
        listed = listing.take([str(key) for key in keys])
        differing = []
        for key, is_active in active.items():
            one = listed.get(key)
            if one is None or one.version is None or one.is_active != is_active:
                differing.append(key)
        self._record_and_send(differing)

    def _delete_unknown(self, listing: _Listing, force: bool) -> None:
        total, unknown, deletions = listing.count()
        self.counts.unknown = unknown - deletions
        self.counts.unknown_ids = listing.without_version()
        if not force and deletions > FEW and deletions * 2 > total:
            raise TooManyDeletions(
                f"{deletions} of the gateway's {total} users are not in this database, so nothing was deleted. "
                "If that is right, use --force."
            )
        for user_ids in listing.deletions():
            # Made from the rows of now: who came back meanwhile is sent, not deleted.
            self._record_and_send(user_ids)


class _Listing:
    """The gateway's users in a temporary file of SQLite, which is removed when it is closed."""

    def __init__(self) -> None:
        self._rows = sqlite3.connect("", isolation_level=None)
        self._rows.execute(
            "CREATE TABLE listed (id TEXT PRIMARY KEY, version INTEGER, is_active INTEGER, is_known INTEGER)"
            " WITHOUT ROWID"
        )
        self._rows.execute("BEGIN")

    def add(self, users: Iterable[ListedUser]) -> None:
        rows = [(user.id, user.version, user.is_active) for user in users]
        self._rows.executemany("INSERT OR REPLACE INTO listed VALUES (?, ?, ?, 0)", rows)

    def take(self, user_ids: Sequence[str]) -> dict[str, ListedUser]:
        """Those of these users that are listed; they count as known from now on."""
        marks = ", ".join("?" * len(user_ids))
        found = self._rows.execute(
            f"SELECT id, version, is_active FROM listed WHERE id IN ({marks})", list(user_ids)
        ).fetchall()
        self._rows.executemany("UPDATE listed SET is_known = 1 WHERE id = ?", [(row[0],) for row in found])
        return {row[0]: ListedUser(row[0], row[1], bool(row[2])) for row in found}

    def count(self) -> tuple[int, int, int]:
        """All; those who are not known; those of them who once came from here."""
        row = self._rows.execute(
            "SELECT COUNT(*), COUNT(*) FILTER (WHERE is_known = 0),"
            " COUNT(*) FILTER (WHERE is_known = 0 AND version IS NOT NULL) FROM listed"
        ).fetchone()
        return (row[0], row[1], row[2])

    def without_version(self) -> list[str]:
        """Ids of those who never came from here, up to a limit."""
        rows = self._rows.execute(
            f"SELECT id FROM listed WHERE is_known = 0 AND version IS NULL ORDER BY id LIMIT {CHUNK}"
        ).fetchall()
        return [row[0] for row in rows]

    def deletions(self) -> Iterator[list[str]]:
        last = ""
        while True:
            rows = self._rows.execute(
                "SELECT id FROM listed WHERE is_known = 0 AND version IS NOT NULL AND id > ?"
                f" ORDER BY id LIMIT {CHUNK}",
                (last,),
            ).fetchall()
            if not rows:
                return
            yield [row[0] for row in rows]
            last = rows[-1][0]

    def close(self) -> None:
        self._rows.close()


def _parts_by_key(using: str) -> Iterator[list[Any]]:
    """The primary keys of all users in parts, each a query of its own, so that none stays open during a request."""
    users = get_user_model()._base_manager.using(using).order_by("pk")
    last: Any = None
    while True:
        part = users if last is None else users.filter(pk__gt=last)
        keys = list(part.values_list("pk", flat=True)[:CHUNK])
        if not keys:
            return
        yield keys
        last = keys[-1]


def _active(keys: Sequence[Any], using: str) -> dict[str, bool]:
    """`is_active` by key; in some models a property."""
    model = get_user_model()
    users = model._base_manager.using(using).filter(pk__in=keys)
    if any(one.name == "is_active" for one in model._meta.concrete_fields):
        return {str(key): value for key, value in users.values_list("pk", "is_active")}
    return {str(user.pk): bool(getattr(user, "is_active", True)) for user in users}


def _batches(lines: Iterable[tuple[Line, bytes]]) -> Iterator[list[tuple[Line, bytes]]]:
    """In parts that the gateway takes in one request."""
    batch: list[tuple[Line, bytes]] = []
    size = 0
    for line, encoded in lines:
        if batch and (len(batch) == MOST_LINES or size + len(encoded) + 1 > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((line, encoded))
        size += len(encoded) + 1
    if batch:
        yield batch
