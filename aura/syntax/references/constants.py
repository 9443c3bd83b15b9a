"""Which keys are always the same, also by way of variables, other files, and what functions give back."""

from aura.syntax.references.linked import Linked
from aura.syntax.references.program import File, Program
from aura.syntax.references.types import (
    ATTRIBUTE,
    RESULT,
    VARYING,
)

MAX_DEPTH = 6

_BY_VALUE = ("<builtin>.", "enum.Int", "enum.Str", "enum.Flag")
"""The members of an enumeration that is one of these, too, are equal to their values."""


class Constants:
    """The keys that places have always."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._known: dict[int, str | None] = {}

    def of(self, place: int) -> str | None:
        """Return the key that a place has always, or None."""
        if place not in self._known:
            self._known[place] = self._find(place, MAX_DEPTH)
        return self._known[place]

    def _find(self, place: int, depth: int) -> str | None:
        if not 0 <= place < self.program.places:
            return None
        file = self.program.file_at(place)
        local = place - file.place
        keys = file.linked.constants.get(local, [])
        if not keys and file.linked.facts.places[local].op == ATTRIBUTE:
            member = self._enumerated(file, local)
            if member:
                return member
        origins = self._origins(file, local)
        if keys:
            return keys[0] if len(set(keys)) == 1 and not origins and keys[0] != VARYING else None
        return self._find(origins[0], depth - 1) if len(origins) == 1 and depth else None

    def _origins(self, file: File, local: int) -> list[int]:
        """Return the places that a place has its values from."""
        linked = file.linked
        row = linked.facts.places[local]
        origins = self.program.origins(file, local)
        if row.op == ATTRIBUTE:
            modules = linked.imported.get(linked.node[row.a], ())
            found = [module for entry in modules for module in self.program.imported(file, entry).modules]
            name = linked.facts.names[row.b]
            origins += [at for m in found for at in self.program.member(file.modules, m, name).places]
            origins += [place for _, place in self._class_members(file, linked, local)]
        elif row.op == RESULT:
            callee = file.place + linked.node[linked.facts.calls[row.a].callee]
            origins += self.program.returned(callee)
        return origins

    def _class_members(self, file: File, linked: Linked, local: int) -> list[tuple[int, int]]:
        """Return the classes that an attribute is looked up in, with the places of the member."""
        row = linked.facts.places[local]
        name = linked.facts.names[row.b]
        members: list[tuple[int, int]] = []
        for scope in self.program.static(file.place + linked.node[row.a], set()):
            if isinstance(scope, int):
                owner = self.program.file_with(scope)
                place = owner.linked.members_of(scope - owner.scope).get(name)
                members += [(scope, owner.place + place)] if place is not None else []
        return members

    def _enumerated(self, file: File, local: int) -> str:
        """Return a key for a member of an enumeration, or nothing for what is none."""
        members = self._class_members(file, file.linked, local)
        if len(members) != 1:
            return ""
        scope, place = members[0]
        bases = [base for base in self.program.order(scope) if isinstance(base, str)]
        if not any(base.startswith("enum.") for base in bases):
            return ""
        return "" if any(base.startswith(_BY_VALUE) for base in bases) else f"%{place}"
