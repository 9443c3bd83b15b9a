"""Settings: a closed set of names, each with a default, set for all repositories or for one."""

import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from aura.api import Caller
from aura.errors import AuraError
from aura.listing import Filter, Listing, Page
from aura.op import op
from aura.record import events
from aura.store import Connection, one, rows


class Setting(Struct, frozen=True):
    """A setting with the value that holds and where it comes from."""

    name: str
    value: str
    default: str
    scope: str
    doc: str


class SettingName(Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(description="The setting's name.")]


class NewSetting(Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(description="The setting's name.")]
    value: Annotated[str, Meta(description="Its new value.")]
    everywhere: Annotated[bool, Meta(description="For all repositories, not only this one.")] = False


class _Known(Struct, frozen=True):
    default: str
    choices: tuple[str, ...]
    doc: str
    pattern: str = ""
    example: str = ""


_SPAN = r"\d{1,5}[smhdw]|forever"
KNOWN = {
    "strict_mode": _Known(
        "off", ("on", "off"), "Refuse intents without a ticket, and commits without such an intent."
    ),
    "claims": _Known(
        "warn",
        ("off", "warn", "block"),
        "What the pre-commit hook does where a claim is contradicted by what is staged.",
    ),
    "impacts": _Known("on", ("on", "off"), "Look for what a change on one side means on another."),
    "impacts.branches": _Known(
        "on", ("on", "off"), "Count branches that no work tree has checked out among the sides, too."
    ),
    "prove.commands": _Known(
        "any", (), "Which programs goals may run: any, none, or their names, comma-separated."
    ),
    "prove.keep": _Known(
        "365d", (), "How long results of goals are kept.", _SPAN, "a span such as 365d, or forever"
    ),
    "tickets.system": _Known("linear", (), "The system of tickets that are found in summaries."),
    "snapshots.auto": _Known("off", ("on", "off"), "Make a snapshot of files before an agent edits them."),
    "snapshots.keep": _Known(
        "90d", (), "How long snapshots are kept that were asked for.", _SPAN, "a span such as 90d, or forever"
    ),
    "snapshots.keep_auto": _Known(
        "14d",
        (),
        "How long snapshots are kept that were made before edits and restores, and restores can be undone.",
        _SPAN,
        "a span such as 14d, or forever",
    ),
    "snapshots.largest": _Known(
        "100", (), "Leave larger files (MB) out of snapshots of the work tree.", r"\d{1,6}", "a number of MB"
    ),
}


def value(db: Connection, repo: int | None, name: str) -> str:
    """Return the value that holds: the repository's, else the general one, else the default."""
    # Two look-ups by the key: IN with an order would build a table and sort it for each.
    row = one(
        db,
        "SELECT ifnull((SELECT value FROM settings WHERE name = ?1 AND repo = ?2),"
        " (SELECT value FROM settings WHERE name = ?1 AND repo = 0))",
        name,
        repo or 0,
    )
    return KNOWN[name].default if row[0] is None else str(row[0])


def _setting(db: Connection, caller: Caller, name: str) -> Setting:
    known = KNOWN.get(name)
    if known is None:
        raise AuraError(
            "setting_not_found", f"cannot find a setting {name!r}", f"Choose from {', '.join(KNOWN)}."
        )
    repo = caller.place.repo if caller.place else 0
    found: dict[int, str] = dict(
        rows(db, "SELECT repo, value FROM settings WHERE name = ? AND repo IN (0, ?)", name, repo)
    )
    scope = "repository" if repo and repo in found else "everywhere" if 0 in found else "default"
    return Setting(name, found.get(repo, found.get(0, known.default)), known.default, scope, known.doc)


SETTINGS: Listing[Setting] = Listing(
    noun="settings",
    source="json_each(?)",
    columns="value",
    rows=lambda _, found: [msgspec.json.decode(row[0], type=Setting) for row in found],
    key="value ->> 'name'",
    seq="value ->> 'name'",
    repo=None,
    at=None,
    order="asc",
    filters={
        "scope": Filter(
            "Where the value comes from.",
            "value ->> 'scope' IN ({})",
            ("default", "everywhere", "repository"),
        )
    },
    groups={"scope": "value ->> 'scope'"},
)


@op("GET /v1/settings", command="config list", scope="read_status", listing=SETTINGS)
def list_(db: Connection, caller: Caller, query: Any) -> Page[Setting]:
    """List the settings with the values that hold here."""
    whole = msgspec.json.encode([_setting(db, caller, name) for name in KNOWN])
    return SETTINGS.page(db, caller, query, given=[whole.decode()])


@op("GET /v1/settings/{name}", command="config get NAME", scope="read_status")
def get(db: Connection, caller: Caller, at: SettingName) -> Setting:
    """Show one setting."""
    return _setting(db, caller, at.name)


@op("PUT /v1/settings/{name}", command="config set NAME VALUE", scope="admin", emits=("setting.changed",))
def set_(db: Connection, caller: Caller, new: NewSetting) -> Setting:
    """Change a setting, for this repository or everywhere."""
    _setting(db, caller, new.name)
    choices = KNOWN[new.name].choices
    if choices and new.value not in choices:
        raise AuraError(
            "invalid_request",
            f"cannot set {new.name} to {new.value!r}",
            f"Choose from {', '.join(choices)}.",
            {"path": "$.value"},
        )
    if not re.fullmatch(KNOWN[new.name].pattern or ".*", new.value, re.DOTALL | re.ASCII):
        raise AuraError(
            "invalid_request",
            f"cannot set {new.name} to {new.value!r}",
            f"Give {KNOWN[new.name].example}.",
            {"path": "$.value"},
        )
    if caller.place is None and not new.everywhere:
        raise AuraError(
            "repo_required",
            f"cannot tell for which repository {new.name} is to be set",
            "Run it inside a registered work tree, or add --everywhere.",
        )
    repo = caller.place.repo if caller.place and not new.everywhere else 0
    db.execute(
        "INSERT INTO settings (name, repo, value) VALUES (?,?,?)"
        " ON CONFLICT DO UPDATE SET value = excluded.value",
        (new.name, repo, new.value),
    )
    data: dict[str, Any] = {"name": new.name, "value": new.value, "everywhere": repo == 0}
    events.append(db, caller, "setting.changed", data)
    return _setting(db, caller, new.name)
