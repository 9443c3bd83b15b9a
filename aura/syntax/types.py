"""The vocabulary of the semantic diff: entities, tables and edits, each defined once."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

Kind = Literal[
    "function", "method", "constructor", "class", "interface", "trait", "struct", "enum", "object", "type",
    "constant", "field", "statements", "file",
]  # fmt: skip
Change = Literal[
    "added", "deleted", "renamed", "moved", "extracted", "inlined", "split", "signature_changed",
    "body_changed", "doc_changed", "formatting_only",
]  # fmt: skip
Grade = Literal["breaking", "compatible", "internal", "none"]
ParameterKind = Literal[
    "receiver", "positional_only", "positional", "keyword_only", "variadic", "keyword_variadic", "type"
]


class Parameter(Struct, frozen=True, array_like=True, gc=False):
    """One parameter; `annotation` and `default` are source text with white space collapsed, or None."""

    name: str
    kind: ParameterKind = "positional"
    annotation: str | None = None
    default: str | None = None


class Entity(Struct, frozen=True, array_like=True, gc=False):
    """One named definition of a file.

    `start` and `end` are byte offsets and include decorators and the doc comment; `line` and `end_line` are
    1-based. `container` is the index of the enclosing entity in the table, or -1. `ordinal` counts earlier
    entities of the same kind and qualified name in the file, so that overloads never collide. `raw` is a
    64-bit hash (signed) of the entity's own text: its range minus the ranges of the entities directly inside.
    """

    kind: Kind
    name: str
    qualified_name: str
    ordinal: int
    container: int
    start: int
    end: int
    line: int
    end_line: int
    raw: int
    parameters: tuple[Parameter, ...] = ()
    result: str | None = None
    decorators: tuple[str, ...] = ()
    modifiers: tuple[str, ...] = ()


class Table(Struct, frozen=True, array_like=True, gc=False):
    """The entities of one file, outer before inner, in source order. `degraded`: not all could be read."""

    language: str
    degraded: bool
    entities: tuple[Entity, ...]


class Side(Struct, frozen=True):
    """An entity before or after an edit.

    `hash` is the raw hash of its own text, in hexadecimal. `shape`, where it was asked for, is that of its
    tokens, which re-formatting and another name of its own leave as it is.
    """

    path: str
    kind: Kind
    name: str
    qualified_name: str
    line: int
    end_line: int
    parameters: tuple[str, ...] = ()
    ordinal: int = 0
    hash: str = ""
    shape: str = ""


class ParameterEdit(Struct, frozen=True, omit_defaults=True):
    """What happened to one parameter, or to the way in which it is given (`kind_changed`).

    `old` and `new` are its annotation, default or kind, whichever changed; None means that there was none.
    """

    edit: Literal["added", "removed", "renamed", "reordered", "retyped", "default_changed", "kind_changed"]
    name: str
    old_name: str | None = None
    old: str | None = None
    new: str | None = None


class DecoratorEdit(Struct, frozen=True):
    edit: Literal["added", "removed"]
    name: str


class ModifierEdit(Struct, frozen=True):
    edit: Literal["added", "removed"]
    name: str


class ResultEdit(Struct, frozen=True):
    """The result type of a function before and after; None where none is written."""

    old: str | None
    new: str | None


class Range(Struct, frozen=True):
    """A range of a file: `start` and `end` in bytes, the lines 1-based."""

    start: int
    end: int
    line: int
    end_line: int


class Related(Struct, frozen=True):
    """The other side of an extraction, an inlining or a split, and the range there of what was copied."""

    path: str
    name: str
    qualified_name: str
    line: int
    copied: Range | None = None


class Edit(Struct, frozen=True):
    """What happened to one entity; `old` is None for an addition and `new` for a deletion.

    `marks`, where they were asked for, stand for what it wrote and what it took away.
    """

    changes: tuple[Change, ...]
    kind: Kind
    old: Side | None
    new: Side | None
    parameters: tuple[ParameterEdit, ...] = ()
    decorators: tuple[DecoratorEdit, ...] = ()
    modifiers: tuple[ModifierEdit, ...] = ()
    result: ResultEdit | None = None
    related: tuple[Related, ...] = ()
    grade: Grade = "none"
    reason: str = ""
    marks: str | UnsetType = UNSET


class Carried(Struct, frozen=True, array_like=True):
    """An entity without an edit of its own that is another version all the same: what contains it was renamed
    or moved, an overload before it came or went, or the text between its members is divided anew.
    """

    old: Side
    new: Side


class Changes(Struct, frozen=True):
    """All that differs between two sides: the edits, and what was only carried along."""

    edits: list[Edit]
    carried: list[Carried]


class Grafted(Struct, frozen=True, tag=True):
    """A file of today with an entity as it was: `name` is what that is called in it now, `old` what then."""

    path: str
    data: bytes
    name: str
    old: str
