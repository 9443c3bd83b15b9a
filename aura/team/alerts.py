"""Alerts: what a look at the sides of a repository makes of its impacts, in one transaction.

The identity of an alert is the two sides, the entity as it was called where they parted, and the family of
the change. Of what was found, the same cause again is the same alert, brought up to date in silence; a
severity that rises opens it again. What is no longer found between two sides that were looked at is resolved;
so is what a side that is gone had to do with. What somebody dismissed stays so while the cause is the same,
what somebody resolved while the cause stands and gets no worse.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from aura.api import Actor, Caller, now_us
from aura.ids import new_id
from aura.record import lineage
from aura.record.intents import author_of
from aura.store import Connection, one, rows
from aura.syntax.impacts import Finding, Site
from aura.syntax.types import Side
from aura.team import impacts, messages, sessions
from aura.team.impacts import Because, Impact, place_of, say
from aura.team.messages import Recipient

SITES = 200
"""Places that an alert names; of more it tells the number."""
NAMED = 5
"""Entities that a message names."""
GONE = "The cause is gone."
SIDE_GONE = "One of the two sides is no longer looked at."
_FAMILIES = {"both_changed": "both", "behaviour_changed": "behaviour"}
_WORST = {"error": 2, "warning": 1, "info": 0}
_FITS = {"broken": 0, "doubtful": 1, "fits": 2}


class Party(Struct, frozen=True):
    """A side as people know it: a work tree and what it has checked out, or a branch that none has."""

    worktree: str | None
    branch: str | None


class _Kept(NamedTuple):
    """An alert whose cause stood when it was looked at last."""

    seq: int
    id: str
    identity: str
    cause: str
    status: impacts.Status
    severity: str
    yours: str
    other: str


def settle(
    db: Connection,
    caller: Caller,
    repo: int,
    sides: Mapping[str, Party],
    judged: Iterable[tuple[str, str]],
    findings: Iterable[Finding],
) -> list[Impact]:
    """Bring the impacts of a repository in line with what was found, and return those that were opened.

    `sides` are all that the repository has now, by key; `judged` the pairs (yours, other) that were looked
    at. The same look again changes nothing.
    """
    return _Settling(db, caller, repo, sides).settle(set(judged), findings)


def identity(finding: Finding) -> str:
    """Return what makes two findings one alert."""
    before = finding.before
    family = _FAMILIES.get(finding.change, "interface")
    parts = (finding.yours, finding.other, before.path, before.qualified_name, before.kind)
    text = "\0".join((*parts, str(before.ordinal), family))
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


class _Settling:
    def __init__(self, db: Connection, caller: Caller, repo: int, sides: Mapping[str, Party]) -> None:
        self._db = db
        self._caller = caller
        self._repo = repo
        self._sides = sides
        self._now = now_us()
        self._authors: dict[str, int | None] = {}
        self._opened: list[tuple[Impact, Because]] = []

    def settle(self, judged: Collection[tuple[str, str]], findings: Iterable[Finding]) -> list[Impact]:
        found = _worst(f for f in findings if (f.yours, f.other) in judged and self._knows(f.yours, f.other))
        standing = self._standing()
        live = {kept.identity: kept for kept in standing if kept.status in impacts.LIVE}
        for kept in standing:
            if not self._knows(kept.yours, kept.other):
                self._end(kept, SIDE_GONE)
            elif (kept.yours, kept.other) in judged and kept.identity not in found:
                self._end(kept, GONE)
        for key, finding in found.items():
            if (kept_live := live.get(key)) is not None:
                self._again(kept_live, finding)
            else:
                self._met(key, finding, [kept for kept in standing if kept.identity == key])
        _tell(self._db, self._caller, [impact for impact, because in self._opened if because != "returned"])
        return [impact for impact, _ in self._opened]

    def _knows(self, *keys: str) -> bool:
        return all(key in self._sides for key in keys)

    def _standing(self) -> list[_Kept]:
        sql = (
            "SELECT seq, id, identity, cause, status, severity, yours, other FROM impacts"
            " WHERE repo = ? AND standing = 1 ORDER BY seq"
        )
        return [_Kept(*row) for row in rows(self._db, sql, self._repo)]

    def _end(self, kept: _Kept, note: str) -> None:
        """The cause of an alert is gone: whose business is open is resolved, what was closed only fades."""
        if kept.status not in impacts.LIVE:
            self._db.execute("UPDATE impacts SET standing = 0 WHERE seq = ?", (kept.seq,))
            return
        actor, now = self._caller.actor, self._now
        self._db.execute(
            "UPDATE impacts SET standing = 0, status = 'resolved', note = ?, closed_at = ?, closed_by_id = ?,"
            " closed_by_kind = ?, closed_by_name = ?, updated_at = ? WHERE seq = ?",
            (note, now, actor.id, actor.kind, actor.name, now, kept.seq),
        )
        say(self._db, self._caller, impacts.get(self._db, kept.id))

    def _again(self, kept: _Kept, finding: Finding) -> None:
        """The same trouble is still there, perhaps elsewhere, perhaps worse."""
        if kept.cause != finding.cause and self._is_dismissed(kept.identity, finding.cause):
            self._end(kept, GONE)
            self._met(kept.identity, finding, [])
            return
        self._update(kept.seq, finding)
        if _WORST[finding.severity] > _WORST[kept.severity]:
            sql = "UPDATE impacts SET status = 'open', snoozed_until = NULL WHERE seq = ?"
            self._db.execute(sql, (kept.seq,))
            self._open(kept.id, "raised")

    def _is_dismissed(self, key: str, cause: str) -> bool:
        row = one(self._db, _LATEST, self._repo, key, cause)
        return row is not None and row[2] == "dismissed"

    def _met(self, key: str, finding: Finding, closed: list[_Kept]) -> None:
        """No alert is live for it: it is new, or it is back, or somebody has dealt with it."""
        for kept in closed:
            worse = _WORST[finding.severity] > _WORST[kept.severity]
            if kept.cause == finding.cause and not (worse and kept.status == "resolved"):
                return
        for kept in closed:
            self._end(kept, GONE)
        row = one(self._db, _LATEST, self._repo, key, finding.cause)
        if row is None or (row[2] == "resolved" and row[3] != "system"):
            self._open(self._insert(key, finding), "new")
            return
        seq, id_, status, _, snoozed_until = row
        self._update(seq, finding)
        if status == "dismissed":
            self._db.execute("UPDATE impacts SET standing = 1 WHERE seq = ?", (seq,))
            return
        asleep = (snoozed_until or 0) > self._now
        self._db.execute(
            "UPDATE impacts SET standing = 1, status = ?, note = NULL, closed_at = NULL, closed_by_id = NULL,"
            " closed_by_kind = NULL, closed_by_name = NULL, snoozed_until = ?, updated_at = ? WHERE seq = ?",
            ("snoozed" if asleep else "open", snoozed_until if asleep else None, self._now, seq),
        )
        if asleep:
            say(self._db, self._caller, impacts.get(self._db, id_))
        else:
            self._open(id_, "returned")

    def _open(self, id_: str, because: Because) -> None:
        impact = impacts.get(self._db, id_)
        say(self._db, self._caller, impact, because=because)
        self._opened.append((impact, because))

    def _insert(self, key: str, finding: Finding) -> str:
        id_ = new_id("imp")
        given = {
            **self._told(finding), "id": id_, "repo": self._repo, "identity": key, "yours": finding.yours,
            "other": finding.other, "standing": 1, "status": "open", "detected_at": self._now,
            "updated_at": self._now, "author": self._author(finding.other),
            "your_session": self._session(finding.yours), "other_session": self._session(finding.other),
        }  # fmt: skip
        marks = ",".join("?" * len(given))
        sql = f"INSERT INTO impacts ({','.join(given)}) VALUES ({marks})"
        self._db.execute(sql, tuple(given.values()))
        return id_

    def _update(self, seq: int, finding: Finding) -> None:
        told = self._told(finding)
        same = " AND ".join(f"{name} IS ?" for name in told)
        if one(self._db, f"SELECT 1 FROM impacts WHERE seq = ? AND {same}", seq, *told.values()):
            return
        settled = ",".join(f"{name} = ?" for name in told)
        sql = f"UPDATE impacts SET {settled}, updated_at = ? WHERE seq = ?"
        self._db.execute(sql, (*told.values(), self._now, seq))

    def _told(self, finding: Finding) -> dict[str, Any]:
        """Return what the record keeps of a finding, by column."""
        yours, other = self._sides[finding.yours], self._sides[finding.other]
        here = finding.mine or finding.before
        sites = sorted(finding.sites, key=lambda site: (_FITS[site.fit], site.test, site.path, site.line))
        entity = lineage.entity_of(self._db, self._repo, finding.before)
        return {
            "cause": finding.cause,
            "your_worktree": yours.worktree,
            "your_branch": yours.branch,
            "other_worktree": other.worktree,
            "other_branch": other.branch,
            "entity": lineage.id_of(self._db, entity) if entity is not None else None,
            "kind": finding.kind,
            "path": here.path,
            "function": finding.before.qualified_name,
            "change": finding.change,
            "severity": finding.severity,
            "reason": finding.reason,
            "before": _json(finding.before),
            "after": _json(finding.after),
            "mine": _json(finding.mine),
            "sites": _json(sites[:SITES]),
            "uses": len(sites),
            "tests_only": int(bool(sites) and all(site.test for site in sites)),
        }

    def _at_work(self, key: str) -> tuple[str, Actor] | None:
        """Return the latest live session of a side that is a work tree, and who works in it."""
        worktree = self._sides[key].worktree
        return (
            next(iter(sessions.at_work(self._db, [worktree]).get(worktree, [])), None) if worktree else None
        )

    def _session(self, key: str) -> str | None:
        at_work = self._at_work(key)
        return at_work[0] if at_work else None

    def _author(self, key: str) -> int | None:
        """Return who is at work on a side, or wrote its last intent, as far as the record knows."""
        if key not in self._authors:
            self._authors[key] = self._find_author(key)
        return self._authors[key]

    def _find_author(self, key: str) -> int | None:
        if (at_work := self._at_work(key)) is not None:
            return author_of(self._db, at_work[1])
        sql = "SELECT author FROM intents WHERE repo = ? AND branch = ? ORDER BY id DESC LIMIT 1"
        row = one(self._db, sql, self._repo, self._sides[key].branch)
        return row[0] if row else None


_LATEST = (
    "SELECT seq, id, status, closed_by_kind, snoozed_until FROM impacts"
    " WHERE repo = ? AND identity = ? AND cause = ? ORDER BY (status = 'dismissed') DESC, seq DESC LIMIT 1"
)


def wake(db: Connection, caller: Caller) -> int:
    """Open again what was snoozed until now, tell of it, and return how many there were."""
    woken = impacts.wake(db, caller)
    _tell(db, caller, woken)
    return len(woken)


def _worst(findings: Iterable[Finding]) -> dict[str, Finding]:
    """Return one finding for each alert: the worst."""
    found: dict[str, Finding] = {}
    for finding in findings:
        key = identity(finding)
        if key not in found or _WORST[finding.severity] > _WORST[found[key].severity]:
            found[key] = finding
    return found


def _json(value: Side | list[Site] | None) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _tell(db: Connection, caller: Caller, opened: list[Impact]) -> None:
    """Post what was opened to who is at work where it matters: one message for each work tree.

    Nobody is at work on a branch that no work tree has checked out, and what is compatible is no news.
    """
    of: dict[str, list[Impact]] = {}
    for impact in sorted(opened, key=lambda i: -_WORST[i.severity]):
        if impact.severity != "info" and impact.your_worktree is not None:
            of.setdefault(impact.your_worktree, []).append(impact)
    at_work = sessions.at_work(db, of.keys())
    for worktree, told in of.items():
        by = replace(caller, place=place_of(db, told[0]))
        to = [Recipient("session", id_) for id_, _ in at_work.get(worktree, [])]
        for recipient in to or [Recipient("broadcast")]:
            messages.post(db, by, message(told), channel="sentinel", to=recipient)


def message(told: list[Impact]) -> str:
    """Write the message that tells of impacts on one work tree, the worst first."""
    if len(told) == 1:
        (impact,) = told
        return f"{described(impact)}\naura impact show {impact.id}"
    lines = [described(impact) for impact in told[:NAMED]]
    if len(told) > NAMED:
        lines.append(f"and {len(told) - NAMED} more")
    where = told[0].your_branch or told[0].your_worktree
    return "\n".join([f"{len(told)} changes elsewhere matter on {where}:", *lines, "aura impact list"])


def described(impact: Impact) -> str:
    """Write an impact in one line."""
    where = impact.other_branch or impact.other_worktree
    uses = f" ({_many(impact.callers_total, 'use')} here)" if impact.callers_total else ""
    why = f": {impact.reason}" if impact.reason not in ("", impact.change) else ""
    return (
        f"{impact.severity}: {impact.function} in {impact.path}, {CHANGES[impact.change]} {where}{uses}{why}"
    )


CHANGES = {
    "removed": "removed on",
    "renamed": "renamed on",
    "moved": "moved on",
    "signature_changed": "with another signature on",
    "both_changed": "changed here and on",
    "behaviour_changed": "with other behaviour on",
}


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
