"""What the work of one side means for another: who on yours uses what the other changed, and how."""

from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b

from msgspec.structs import replace

from aura.syntax.clashes import Clash, clashes, is_same_end
from aura.syntax.conventions import holds_test
from aura.syntax.file import File
from aura.syntax.fits import FITS, Called, Verdict, doubtful, fit
from aura.syntax.handed import aliases, target
from aura.syntax.impacts import Finding, ImpactChange, Severity, Site
from aura.syntax.items import CODE, TYPES, VALUES
from aura.syntax.lost import LOST, Losses, Use, Users, namesakes
from aura.syntax.parted import (
    Key,
    Parted,
    around,
    does_more,
    entity_of,
    is_inside,
    key_in,
    key_of,
    lines_of,
)
from aura.syntax.promised import Demand, demands
from aura.syntax.signatures import in_new_words
from aura.syntax.types import Edit, Entity, Side
from aura.syntax.written import Written

SITES = 50
"""Of more sites than these the first are told."""

_VerdictOf = Callable[[Edit, ImpactChange, Use], Verdict]
_SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error")
_OF_FIT: dict[str, Severity] = {"broken": "error", "doubtful": "warning", "fits": "info"}


def collisions(yours: Parted, other: Parted, users: Users, names: tuple[str, str]) -> list[Finding]:
    """Return what the other side's work means for yours; `names` are the keys of yours and of the other."""
    found: dict[Key, Finding] = {}
    for clash in clashes(yours, other):
        found[key_of(clash.before)] = _clashing(clash, names)
    judge = _Judge(yours, other, users)
    for edit, change in judge.causes():
        assert edit.old is not None
        sites = judge.sites(edit, change)
        key = key_of(edit.old)
        if not sites:
            continue
        finding = judge.finding(edit, change, sites, names)
        known = found.get(key)
        if known is None or _gravity(finding) > _gravity(known):
            found[key] = finding
        else:
            found[key] = replace(known, sites=known.sites or finding.sites)
    for demand in demands(yours, other, judge.written):
        finding = _demanding(demand, names)
        known = found.get(key_of(demand.before))
        if known is None or _gravity(finding) > _gravity(known):
            found[key_of(demand.before)] = finding
    return sorted(found.values(), key=lambda each: (-_gravity(each), each.before.path, each.before.line))


def _gravity(finding: Finding) -> int:
    return _SEVERITIES.index(finding.severity)


def _lowered(severity: Severity) -> Severity:
    return _SEVERITIES[max(0, _SEVERITIES.index(severity) - 1)]


def _clashing(clash: Clash, names: tuple[str, str]) -> Finding:
    before = clash.before
    sites = tuple(
        Site(m.path, m.line, m.qualified_name, holds_test(m.path, m.qualified_name), "broken", "changed here")
        for m in clash.members[:SITES]
    )
    severity = clash.severity
    if holds_test(before.path, before.qualified_name):
        severity = _lowered(severity)
    after = clash.after.qualified_name if clash.after else ""
    cause = _digest("both_changed", *key_of(before), before.hash, clash.after is None, after)
    return Finding(
        *names,
        "both_changed",
        severity,
        before.kind,
        before,
        clash.after,
        clash.mine,
        clash.reason,
        sites,
        cause,
    )


def _demanding(demand: Demand, names: tuple[str, str]) -> Finding:
    sites = tuple(
        Site(
            lack.use.path,
            lack.use.line,
            lack.use.scope,
            holds_test(lack.use.path, lack.use.scope),
            "broken" if lack.sure else "doubtful",
            f"it lacks {', '.join(lack.members)}",
        )
        for lack in demand.lacks[:SITES]
    )
    before, members = demand.before, ", ".join(demand.members)
    reason = f"who implements it must have {members} now"
    cause = _digest("demands", *key_of(before), members)
    change: ImpactChange = "signature_changed"
    return Finding(
        *names, change, _severity(sites), before.kind, before, demand.after, None, reason, sites, cause
    )


def _severity(sites: Sequence[Site]) -> Severity:
    """Return how severe it is for the worst of the places that it concerns, tests counting less."""
    severity = max((_OF_FIT[site.fit] for site in sites), key=_SEVERITIES.index)
    return _lowered(severity) if all(site.test for site in sites) else severity


def _digest(*parts: object) -> str:
    return blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


class _Judge:
    """Looks at the uses of what the other side changed."""

    def __init__(self, yours: Parted, other: Parted, users: Users) -> None:
        self._yours, self._other, self._users = yours, other, users
        self._losses = Losses(yours, other, users)
        self.written = Written(yours, users)
        self._renamed = {
            edit.old.name: edit.new.name
            for edit in other.of_old.values()
            if edit.old is not None
            and edit.new is not None
            and edit.old.kind in TYPES
            and edit.old.name != edit.new.name
        }
        self._gone = frozenset(
            key for key, edit in other.of_old.items() if key.kind in TYPES and _change(edit) in LOST
        )

    def causes(self) -> Iterator[tuple[Edit, ImpactChange]]:
        """Yield what the other changed and yours did not change alike, with what that is called."""
        for edit in self._other.of_old.values():
            change = _change(edit)
            if change is None or edit.old is None or edit.old.kind in ("statements", "file"):
                continue
            ours = self._yours.of_old.get(key_of(edit.old))
            if ours is not None and (
                is_same_end(ours, edit) or _change(ours) not in (None, "behaviour_changed")
            ):
                continue
            if change == "behaviour_changed" and (edit.grade != "internal" or edit.old.kind not in CODE):
                continue
            if not self._is_told_by_its_container(edit.old, change) and not self._is_local(edit.old):
                yield edit, change

    def _is_local(self, side: Side) -> bool:
        """Tell whether an entity is within a function: nobody else can name it, and who made it is told."""
        file = self._other.work.before(side.path)
        entity = entity_of(file, side)
        while file is not None and entity is not None and entity.container >= 0:
            entity = file.table.entities[entity.container]
            if entity.kind in CODE:
                return True
        return False

    def _is_told_by_its_container(self, side: Side, change: ImpactChange) -> bool:
        if change not in LOST and not (side.kind == "constructor" and change == "renamed"):
            return False
        return any(
            key.path == side.path and is_inside(side.qualified_name, key.qualified_name) for key in self._gone
        )

    def finding(
        self, edit: Edit, change: ImpactChange, sites: Sequence[Site], names: tuple[str, str]
    ) -> Finding:
        before, after = edit.old, edit.new
        assert before is not None
        mine = self._yours.now(before)
        return Finding(
            *names,
            change,
            _severity(sites),
            before.kind,
            before,
            after,
            mine if mine != before else None,
            _reason(edit, change),
            tuple(sites[:SITES]),
            self._cause(edit, change),
        )

    def _cause(self, edit: Edit, change: ImpactChange) -> str:
        """Return a digest of what was done: nothing that a further edit of the body would change."""
        before, after = edit.old, edit.new
        assert before is not None
        done: tuple[object, ...] = ()
        if change == "renamed" and after is not None:
            done = (after.qualified_name,)
        elif change == "moved" and after is not None:
            done = (after.path, after.qualified_name)
        elif change == "signature_changed" and after is not None:
            entity = entity_of(self._other.work.after(after.path), after)
            if entity is not None:
                done = (*entity.parameters, entity.result, entity.decorators, entity.modifiers)
        return _digest(change, *key_of(before), before.hash, *done)

    # Sites

    def sites(self, edit: Edit, change: ImpactChange) -> list[Site]:
        """Return the places on your side that what was done concerns, by path and line."""
        before = edit.old
        assert before is not None
        place = self._yours.now(before)
        if place is None:
            return []
        found: dict[tuple[str, int], Site] = {}
        for use in self._uses(edit, place, change):
            if site := self._site(edit, change, use, self._verdict):
                known = found.get((site.path, site.line))
                if known is None or _OF_FIT[known.fit] == "info":
                    found[site.path, site.line] = site
        if change in LOST and before.qualified_name == before.name:
            for path in self._users.importers(place.path, place.name):
                if path != place.path and (site := self._import(edit, change, path, place.name)):
                    found.setdefault((site.path, site.line), site)
            for use in self.written.mentions(place):
                if site := self._site(edit, change, use, self._losses.of_import):
                    found.setdefault((site.path, site.line), site)
        return [found[at] for at in sorted(found)]

    def _uses(self, edit: Edit, place: Side, change: ImpactChange) -> Iterator[Use]:
        for scope in self._scopes(edit, place, change):
            for use in self._users.callers(place.path, scope):
                inside = use.scope == place.qualified_name or is_inside(use.scope, place.qualified_name)
                if use.path != place.path or not inside:
                    yield use

    def _scopes(self, edit: Edit, place: Side, change: ImpactChange) -> Iterator[str]:
        """Yield what stands for an entity: a class is used by its constructor, too."""
        yield place.qualified_name
        if place.kind not in TYPES or change not in LOST:
            return
        file = self._yours.work.after(place.path)
        for entity in file.table.entities if file is not None else ():
            if not is_inside(entity.qualified_name, place.qualified_name):
                continue
            if entity.kind == "constructor" or edit.new is None or "static" in entity.modifiers:
                yield entity.qualified_name

    def _site(self, edit: Edit, change: ImpactChange, use: Use, verdict_of: _VerdictOf) -> Site | None:
        """Judge one use; None where it does not count, for a merge would not leave it as it is."""
        file = self._yours.work.after(use.path)
        entity = around(file, use.scope, use.line)
        if file is None or entity is None:
            return None
        caller = key_in(use.path, entity)
        fresh, origin = self._yours.wrote(caller), self._yours.origin(caller)
        if not fresh and (self._other.changed(origin) or self._other.took(origin)):
            return None
        if fresh and origin is not None and self._is_dropped(edit, use, entity, origin):
            return None
        verdict, reason, sure = verdict_of(edit, change, use)
        if use.confidence == "name_only":
            verdict, sure = ("doubtful" if verdict == "broken" else verdict), False
            reason = f"{reason}, if that is what it calls" if reason else reason
        if not fresh and not (sure and verdict != "fits"):
            return None
        if change in LOST and verdict == "fits":
            return None
        test = holds_test(use.path, use.scope)
        name = "" if entity.kind in ("statements", "file") else entity.qualified_name
        return Site(use.path, use.line, name, test, verdict, reason)

    def _is_dropped(self, edit: Edit, use: Use, entity: Entity, origin: Key) -> bool:
        """Tell whether a line of a use was there when the sides parted and the other has it no more."""
        theirs, file = self._other.of_old.get(origin), self._yours.work.after(use.path)
        if file is None or theirs is None or theirs.new is None or not does_more(theirs):
            return False
        index = file.table.entities.index(entity)
        base = self._lines_of(self._other.work.before(origin.path), theirs.old)
        now = self._lines_of(self._other.work.after(theirs.new.path), theirs.new)
        given = self._losses.given(edit, use)
        texts, mine = file.source.split(b"\n"), file.own_lines(index)
        for line in {use.line, *(given.lines if given is not None else ())}:
            text = texts[line - 1].strip()
            if base.count(text) >= mine.count(text) and base.count(text) > now.count(text):
                return True
        return False

    @staticmethod
    def _lines_of(file: File | None, side: Side | None) -> list[bytes]:
        return (lines_of(file, side) if side is not None else None) or []

    def _verdict(self, edit: Edit, change: ImpactChange, use: Use) -> Verdict:
        if change in LOST and not self._is_aliased(edit, change):
            return self._losses.of(edit, change, use)
        if change == "behaviour_changed":
            return Verdict("fits", "its body changed")
        called = self._called(edit)
        if called is None:
            return doubtful(_reason(edit, change))
        if called.after.kind in VALUES:
            file = self._other.work.after(called.path)
            is_same = file is not None and target(file, called.after) is not None
            return FITS if is_same else doubtful(f"it is a {called.after.kind} now")
        given = self._losses.given(edit, use)
        if given is None:
            grave = edit.grade == "breaking" and called.after.kind in CODE
            return doubtful("it is used here, but not called") if grave else FITS
        return fit(given, called, elsewhere=use.path != called.path)

    def _is_aliased(self, edit: Edit, change: ImpactChange) -> bool:
        """Tell whether what is called otherwise now may still be had by its old name."""
        if change != "renamed" or edit.old is None:
            return False
        file = self._other.work.after(edit.old.path)
        return file is not None and aliases(file, edit.old.qualified_name)

    def _called(self, edit: Edit) -> Called | None:
        old, new = edit.old, edit.new
        if old is None or new is None:
            return None
        file = self._other.work.after(new.path)
        before, after = entity_of(self._other.work.before(old.path), old), entity_of(file, new)
        if file is None or before is None or after is None:
            return None
        overloads = tuple(other for other in namesakes(file, new.qualified_name) if other is not after)
        before = in_new_words(before, self._renamed)
        return Called(new.path, before, after, edit, file.table.language, overloads)

    def _import(self, edit: Edit, change: ImpactChange, path: str, name: str) -> Site | None:
        """Judge an import by name of what is not any more where it was."""
        key = Key(path, "statements", "statements", 0)
        if not self._yours.wrote(key) and self._other.changed(key):
            return None
        calling = self._users.calling(path)
        line = calling.line_of(name) if calling is not None else 1
        verdict, reason, _ = self._losses.of_import(edit, change, Use(path, "", line))
        if verdict != "broken" or reason.startswith("another"):
            return None
        return Site(path, line, "", holds_test(path, ""), "broken", f"imports it, but {reason}")


def _change(edit: Edit) -> ImpactChange | None:
    """Return the most telling of what was done to an entity; None where users could not notice it."""
    old, new = edit.old, edit.new
    if old is None or not does_more(edit):
        return None
    if new is None:
        return "removed"
    if "renamed" in edit.changes:
        return "renamed"
    if "moved" in edit.changes and (old.path, old.qualified_name) != (new.path, new.qualified_name):
        return "moved"
    if "signature_changed" in edit.changes:
        return "signature_changed"
    return "behaviour_changed" if {"body_changed", "split"} & set(edit.changes) else None


def _reason(edit: Edit, change: ImpactChange) -> str:
    old, new = edit.old, edit.new
    if change == "removed" or old is None or new is None:
        return "inlined" if "inlined" in edit.changes else "removed"
    if change == "renamed":
        return f"renamed to {new.qualified_name}"
    if change == "moved":
        return f"moved to {new.path if new.path != old.path else new.qualified_name}"
    return "body changed" if change == "behaviour_changed" else edit.reason.removesuffix(", but not public")
