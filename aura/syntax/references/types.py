"""The facts of one file that calls are resolved from, and the edges that their join yields.

Facts depend on nothing but the text of the file: they are kept by blob and say nothing of its path. They are
those of an inclusion-based, flow-insensitive points-to analysis (Andersen 1994; PyCG, Salis et al., ICSE
2021): *places* that hold values, *flows* from place to place, and *calls*.

A place is a row `Place(op, a, b)`, named by its index in the file. What `a` and `b` mean:

| op | a | b | the place holds |
|---|---|---|---|
| `VARIABLE` | scope | name | what is bound to a name in a scope; a member where the scope is a class |
| `FREE` | | name | what a name denotes that the file does not bind: of the package, or built in |
| `ALIAS` | place | | the same as another place |
| `DEFINITION` | scope | | the function, lambda or class itself |
| `ATTRIBUTE` | place | name | the attribute of what another place holds |
| `NAMED` | place | place | the attribute whose name is the constant that another place holds |
| `ELEMENT` | place | key or -1 | the element under a literal key, or under any |
| `KEYED` | place | place | the element under the constant that another place holds, or under any |
| `SLICE` | place | bounds | the elements from one index to another (`1:-1`), `?` where these are not known |
| `ITEM` | place | | what an iteration over another place yields |
| `RESULT` | call | | what a call gives back |
| `CONTAINER` | type | length or -1 | a new list, tuple, set, dict or object, made here |
| `LITERAL` | type | | a value of a built-in type (`str`) |
| `DECLARED` | place | | an instance of the class that another place holds: a declared type |
| `RETURN` | scope | | what the function gives back |
| `YIELD` | scope | | what the generator yields |
| `SUPER` | scope | place | the receiver (`b`), its attributes looked up behind the class (`a`) |
| `INSTANCE` | place | | an instance of the class that another place holds, made by no call: `T{}` |
| `OPAQUE` | | | nothing that is known here, or what flows in |

Names, keys and types are indexes into `Facts.names`. `scope` and `line` say where an attribute or element is
looked up, for that may call a property or `__getitem__`.
"""

from typing import Literal

from msgspec import Struct

VARIABLE, FREE, ALIAS, DEFINITION, ATTRIBUTE, ELEMENT, ITEM, RESULT, CONTAINER, LITERAL = range(10)
DECLARED, RETURN, YIELD, SUPER, OPAQUE, INSTANCE, KEYED, SLICE, NAMED = range(10, 19)

PLAIN, NEW, DECORATION, PROTOCOL = range(4)
"""How a call comes about: `f()`; `new C()` where that is another thing than a call; `@f`, whose result is
what it decorates where nothing else is known; or by the language (`with`, `+`), an edge only where it is
evident."""

GENERATOR, ABSTRACT, IMPLICIT_RECEIVER, STATIC, CLASS_METHOD, PROPERTY = (1 << bit for bit in range(6))
MEMBER = 1 << 6
"""What a scope is besides its kind: a generator; a method without body; one whose first parameter (`this`) is
never among the arguments; one with no receiver, or with the class as receiver; one called by being read; a
member of a class or object that is not around it."""

ANY_NAME = "*"
KEYS, METACLASS, SENT, OUTCOME = "%keys", "%metaclass", "%sent", "%outcome"
"""Names of what is kept like an attribute or a variable: the keys of a mapping, the class of a class, what is
sent to a generator, and what a generator gives back at its end."""
VARYING = "%varying"

ScopeKind = Literal["module", "class", "function", "lambda"]
Confidence = Literal["exact", "imported", "name_only"]


class Place(Struct, frozen=True, array_like=True, gc=False):
    """A place that holds values; see the table above."""

    op: int
    a: int = -1
    b: int = -1
    scope: int = 0
    line: int = 0


class Scope(Struct, frozen=True, array_like=True):
    """A module (always scope 0), class, function or lambda.

    `name` is dotted, that of the entity: `Class.method`, `outer.inner`, `outer.<lambda1>`, and empty for the
    module. `parameters` are places, the receiver first; from `keyword_only` on they are given by keyword
    only. `variadic` and `keyword_variadic` are places of the containers that collect the rest, or -1. Of a
    class, `parameters` are its fields, which take the arguments where there is no constructor. `bases` are
    the places of what a class derives from, in order.
    """

    kind: ScopeKind
    name: str
    parent: int
    line: int
    parameters: tuple[int, ...] = ()
    keyword_only: int = 0
    variadic: int = -1
    keyword_variadic: int = -1
    bases: tuple[int, ...] = ()
    flags: int = 0


class Call(Struct, frozen=True, array_like=True):
    """A call in a scope. Arguments that can hold nothing of interest are -1.

    `keywords` are pairs of name and place, flat. `spread` is the place of a container whose elements are
    further arguments (`*rest`), `keyword_spread` that of one whose elements are keyword arguments, or -1.
    """

    scope: int
    line: int
    callee: int
    kind: int = PLAIN
    result: int = -1
    arguments: tuple[int, ...] = ()
    keywords: tuple[int, ...] = ()
    spread: int = -1
    keyword_spread: int = -1


class Import(Struct, frozen=True, array_like=True):
    """An import into a place: of the module itself, of what it calls `name`, or of all that it has (`*`).

    `module` is as written (`os.path`, `./util`, `crate::a`), `level` the number of leading dots in Python.
    """

    place: int
    module: str
    name: str = ""
    level: int = 0


class Facts(Struct, frozen=True, array_like=True):
    """What one file says. `flows` are pairs of places, from and to, flat.

    `package` is what the file itself says that it belongs to (Java, Go), if anything. `exports` is the place
    whose attributes are seen by importers, or -1 where they see the variables of scope 0. `derived` are pairs
    of places, flat: of a class, and of what it derives from by a statement of its own (Rust's `impl`).
    `constants` are pairs, flat: of a place, and of the key that it has, `VARYING` where it has others, too.
    `listed` are the names that are for others by a list of their own (Python's `__all__`), `ANY_NAME` where
    more may be.
    """

    language: str
    names: tuple[str, ...]
    scopes: tuple[Scope, ...]
    places: tuple[Place, ...]
    flows: tuple[int, ...]
    calls: tuple[Call, ...]
    imports: tuple[Import, ...] = ()
    package: str = ""
    exports: int = -1
    derived: tuple[int, ...] = ()
    constants: tuple[int, ...] = ()
    listed: tuple[int, ...] = ()


class Symbol(Struct, frozen=True, array_like=True):
    """The end of an edge. `name` begins with the module; `scope` is the rest of it, that of the entity.

    `path` is empty where it lies outside of the files that were joined, `line` is that of the definition.
    """

    name: str
    path: str = ""
    scope: str = ""
    line: int = 0


class Edge(Struct, frozen=True, array_like=True):
    """That `caller` calls `callee`, at `lines` of the caller's file.

    `exact`: within a file. `imported`: known through imports, in another file or outside (`callee.path` is
    empty). `name_only`: a method of that name, the class of the receiver not being known.
    """

    caller: Symbol
    callee: Symbol
    confidence: Confidence
    lines: tuple[int, ...] = ()
