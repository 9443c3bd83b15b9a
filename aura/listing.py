"""Lists: pages, cursors, filters and aggregates, from one declaration of each list."""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from aura.api import Caller, moment
from aura.errors import AuraError
from aura.ids import Prefix, lowest_id
from aura.store import Connection, rows

T = TypeVar("T")

SLACK_US = 3_600_000_000
"""So far an identifier may be from the time of its row: it is of a moment before or after, of a clock that
stepped back, or counts commits of one second. Its index finds the rows around, and their times decide.
"""


class Page(Struct, Generic[T]):
    """One page of a list. With `order=asc`, `next_cursor` is there also when the end is reached: poll with
    it.
    """

    data: list[T]
    next_cursor: str | None = None
    has_more: bool = False


class _Cursor(Struct, array_like=True):
    order: str
    after: list[str | int]
    digest: str
    since: int | None
    until: int | None


Condition = tuple[str, Sequence[Any]]


@dataclass(frozen=True)
class Filter:
    """A documented filter: `sql` holds {} where the placeholders of its comma-separated values go.

    `path`: its value is a file, which a command names from where it is typed. `first`: its index finds fewer
    rows than that of the repository does.
    """

    doc: str
    sql: str
    choices: tuple[str, ...] = ()
    path: bool = False
    first: bool = False

    def condition(self, values: list[str]) -> Condition:
        marks = ",".join("?" * len(values))
        return self.sql.replace("{}", marks), values * self.sql.count("{}")


@dataclass(frozen=True)
class HashFilter(Filter):
    """A filter by hashes that may be cut short; `sql` is the column."""

    def condition(self, values: list[str]) -> Condition:
        each = " OR ".join([f"({self.sql} >= ? AND {self.sql} < ?)"] * len(values))
        return f"({each or 0})", [bound for value in values for bound in (value, f"{value}g")]


@dataclass(frozen=True)
class Listing(Generic[T]):
    """A list declared once: its source, order, filters, groups and measures; pages and aggregates follow from
    it.

    `key` orders newest first and must be an identifier with `prefix`, or the sequence itself where that is
    None. `seq` is the order of recording. With `shared`, rows of no repository are for all. Rows that are no
    table's are a `source` such as `json_each(?)`, whose bindings are given to `page`; without `at` there is
    no `since`. `extra` are query fields of this list alone.
    """

    noun: str
    source: str
    columns: str
    rows: Callable[[Connection, list[tuple[Any, ...]]], list[T]]
    key: str
    seq: str
    repo: str | None
    at: str | None
    prefix: Prefix | None = None
    shared: bool = False
    always: str = "1"
    filters: dict[str, Filter] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    measures: dict[str, str] = field(default_factory=dict)
    failed: str | None = None
    order: Literal["asc", "desc"] = "desc"
    extra: tuple[tuple[str, Any] | tuple[str, Any, Any], ...] = ()

    def query_type(self) -> type[Struct]:
        """Return the struct of this list's query parameters."""
        text = str | None
        fields: list[Any] = [*self.extra]
        for name, each in self.filters.items():
            about = Meta(description=each.doc, extra={"path": True} if each.path else None)
            fields.append((name, Annotated[text, about], None))
        if self.at:
            since = "From this time or span before now (30d, 12h, 15m)."
            until = "Before this time or span before now."
            fields.append(("since", Annotated[text, Meta(description=since)], None))
            fields.append(("until", Annotated[text, Meta(description=until)], None))
        order = "asc polls in the order of recording."
        by = f"Group by {', '.join(self.groups)}."
        measure = f"One of {', '.join(self._aggregates())}; bare sum and avg take the first."
        fields += [
            ("order", Annotated[Literal["asc", "desc"], Meta(description=order)], self.order),
            ("limit", Annotated[int, Meta(ge=1, le=500, description="Rows at most.")], 50),
            ("cursor", Annotated[text, Meta(description="Go on from a page's next_cursor.")], None),
            ("group_by", Annotated[text, Meta(description=by)], None),
            ("aggregate", Annotated[text, Meta(description=measure)], None),
        ]
        return msgspec.defstruct(
            f"{self.noun.capitalize()}Query", fields, forbid_unknown_fields=True, kw_only=True
        )

    def page(
        self,
        db: Connection,
        caller: Caller,
        query: Any,
        *,
        given: Sequence[Any] = (),
        within: Condition = ("1", ()),
    ) -> Page[Any]:
        """Answer one page of rows, or of groups where the query asks for an aggregate.

        `given` are the bindings of the source, `within` a condition that the caller's query does not show.
        """
        state = self._resume(query)
        conditions = [within, *self._conditions(caller, query, state)]
        if query.group_by or query.aggregate:
            return self._groups(db, query, state, conditions, given)
        by, sign = (self.seq, ">") if query.order == "asc" else (self.key, "<")
        if state.after:
            conditions.append((f"{by} {sign} ?", state.after))
        sql = (
            f"SELECT {by}, {self.columns} FROM {self.source} WHERE {_where(conditions)}"
            f" ORDER BY {by} {query.order} LIMIT ?"
        )
        found = rows(db, sql, *given, *_bindings(conditions), query.limit + 1)
        more, found = len(found) > query.limit, found[: query.limit]
        if found:
            state.after = [found[-1][0]]
        cursor = _encode(state) if more or query.order == "asc" else None
        return Page(self.rows(db, [row[1:] for row in found]), cursor, more)

    def chosen(self, query: Any) -> dict[str, list[str]]:
        """Return the values of the filters that the query gives. Raises `invalid_request`."""
        chosen: dict[str, list[str]] = {}
        for name, filter_ in self.filters.items():
            if (said := getattr(query, name)) is None:
                continue
            values = chosen[name] = [v for v in said.split(",") if v]
            if unknown := [v for v in values if filter_.choices and v not in filter_.choices]:
                raise AuraError(
                    "invalid_request",
                    f"cannot filter by {name}={unknown[0]!r}",
                    f"Choose from {', '.join(filter_.choices)}.",
                    {"path": f"$.{name}"},
                )
        return chosen

    def _resume(self, query: Any) -> _Cursor:
        names = [field[0] for field in self.extra]
        names += [*self.filters, "since", "until", "group_by", "aggregate"]
        said = "\0".join(f"{n}={getattr(query, n, None)}" for n in names)
        digest = hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=6).hexdigest()
        if query.cursor is None:
            spans = {name: getattr(query, name, None) for name in ("since", "until")}
            since, until = (moment(text, name) if text else None for name, text in spans.items())
            return _Cursor(query.order, [], digest, since, until)
        state = _decode(query.cursor)
        if (state.order, state.digest) != (query.order, digest):
            raise AuraError(
                "invalid_cursor",
                "cannot use this cursor: it belongs to a list with other filters or another order",
                "Repeat the filters and the order of the request that gave it, or leave the cursor out.",
            )
        if len(state.after) not in (0, 2 * len(_names(query)) if query.group_by or query.aggregate else 1):
            raise _unreadable()
        return state

    def _conditions(self, caller: Caller, query: Any, state: _Cursor) -> list[Condition]:
        conditions: list[Condition] = [(self.always, ())]
        chosen = self.chosen(query)
        if caller.place is not None and self.repo is not None:
            # SQLite knows nothing of how rare a value is, and takes no index for what has a plus before it.
            sign = "+" if any(self.filters[name].first for name in chosen) else ""
            also = f" OR {self.repo} IS NULL" if self.shared else ""
            conditions.append((f"({sign}{self.repo} = ?{also})", (caller.place.repo,)))
        conditions += [self.filters[name].condition(values) for name, values in chosen.items()]
        for sign, at, slack in ((">=", state.since, -SLACK_US), ("<", state.until, SLACK_US)):
            if at is not None:
                conditions.append((f"{self.at} {sign} ?", (at,)))
                if self.prefix:
                    conditions.append((f"{self.key} {sign} ?", (lowest_id(self.prefix, at + slack),)))
        return conditions

    def _groups(
        self,
        db: Connection,
        query: Any,
        state: _Cursor,
        conditions: list[Condition],
        given: Sequence[Any],
    ) -> Page[dict[str, Any]]:
        names = _names(query)
        for name in names:
            if name not in self.groups:
                raise AuraError(
                    "invalid_request",
                    f"cannot group by {name!r}",
                    f"Choose from {', '.join(self.groups)}.",
                    {"path": "$.group_by"},
                )
        label, measure = self._measure(query.aggregate or "count")
        keys = [f"({self.groups[n]})" for n in names]
        ordered = [part for k in keys for part in (f"({k} IS NOT NULL)", f"ifnull({k}, '')")]
        if state.after and keys:
            conditions.append((f"({','.join(ordered)}) > ({','.join('?' * len(ordered))})", state.after))
        tail = f"GROUP BY {','.join(keys)} ORDER BY {','.join(ordered)} LIMIT ?" if keys else "LIMIT ?"
        columns = ",".join([*keys, "count(*)", measure])
        sql = f"SELECT {columns} FROM {self.source} WHERE {_where(conditions)} {tail}"
        found = rows(db, sql, *given, *_bindings(conditions), query.limit + 1)
        more, found = len(found) > query.limit, found[: query.limit]
        data = []
        for row in found:
            entry: dict[str, Any] = {"key": dict(zip(names, row, strict=False)), "count": row[-2]}
            if label != "count":
                entry[label] = row[-1]
            data.append(entry)
        if found:
            last = found[-1][: len(names)]
            state.after = [part for v in last for part in ((0, "") if v is None else (1, v))]
        return Page(data, _encode(state) if more else None, more)

    def _measure(self, text: str) -> tuple[str, str]:
        function, _, name = text.partition(":")
        if function == "count" and not name:
            return "count", "count(*)"
        if function == "fail_rate" and not name and self.failed:
            return "fail_rate", f"avg({self.failed})"
        if function in ("sum", "avg") and self.measures:
            column = self.measures.get(name or next(iter(self.measures)))
            if column:
                return function, f"{function}({column})"
        raise AuraError(
            "invalid_request",
            f"cannot aggregate by {text!r}",
            f"Choose from {', '.join(self._aggregates())}.",
            {"path": "$.aggregate"},
        )

    def _aggregates(self) -> list[str]:
        known = ["count", *(f"{f}:{m}" for f in ("sum", "avg") for m in self.measures)]
        return [*known, "fail_rate"] if self.failed else known


def given_rows(
    noun: str,
    position: str,
    *,
    filters: dict[str, Filter],
    groups: dict[str, str],
    extra: tuple[tuple[str, Any] | tuple[str, Any, Any], ...],
) -> Listing[int]:
    """Declare a list of rows that were computed, and lie in no table; its pages hold their positions.

    The rows are given to `page` as a JSON array of arrays: first what orders them, in `position` where they
    are, else what filters and groups ask for.
    """
    return Listing(
        noun=noun,
        source="json_each(?)",
        columns=position,
        rows=lambda _, found: [row[0] for row in found],
        key="value ->> 0",
        seq="value ->> 0",
        repo=None,
        at=None,
        order="asc",
        filters=filters,
        groups=groups,
        extra=extra,
    )


def _names(query: Any) -> list[str]:
    return [name for name in (query.group_by or "").split(",") if name]


def _where(conditions: list[Condition]) -> str:
    return " AND ".join(sql for sql, _ in conditions)


def _bindings(conditions: list[Condition]) -> list[Any]:
    return [value for _, values in conditions for value in values]


def _encode(state: _Cursor) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(state)).rstrip(b"=").decode()


def _decode(text: str) -> _Cursor:
    try:
        raw = base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        state = msgspec.json.decode(raw, type=_Cursor)
    except (ValueError, msgspec.DecodeError):
        raise _unreadable() from None
    numbers = [n for n in (*state.after, state.since, state.until) if isinstance(n, int)]
    if any(not -(1 << 63) <= n < 1 << 63 for n in numbers):
        raise _unreadable()
    return state


def _unreadable() -> AuraError:
    return AuraError("invalid_cursor", "cannot read this cursor", "Use a page's next_cursor as it is.")


def position(cursor: str) -> int:
    """Return the sequence that a cursor of a list in the order of recording stands at."""
    state = _decode(cursor)
    if not state.after:
        return 0
    if state.order != "asc" or not isinstance(state.after[0], int):
        raise AuraError(
            "invalid_cursor", "cannot stream from this cursor", "Use the cursor of a list of events."
        )
    return state.after[0]
