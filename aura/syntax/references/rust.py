"""Rust: crates, and the tree of modules that `mod` declarations make of their files."""

from collections.abc import Iterator, Mapping

from tree_sitter import Node

from aura.syntax.references.dialect import Dialect
from aura.syntax.references.manifests import manifests
from aura.syntax.references.modules import Module, Modules
from aura.syntax.references.rust_lowering import Rust
from aura.syntax.references.types import Facts

_OWN_FOLDER = frozenset({"mod.rs", "lib.rs", "main.rs", "build.rs"})


class RustModules(Modules):
    """Modules by file; `inner` are those that a file declares, `outer` is where one is declared."""

    def __init__(self, files: Mapping[str, Facts]) -> None:
        super().__init__(files)
        self.inner: dict[tuple[str, str], str] = {}
        self.outer: dict[str, str] = {}
        for path in sorted(files, key=lambda path: (not path.endswith("lib.rs"), path)):
            for entry in files[path].imports:
                if entry.module.startswith("self::") and not entry.name:
                    self._declare(path, entry.module.removeprefix("self::"))
        self.crates: dict[str, str] = {}
        for folder, found in manifests(files, "Cargo.toml").items():
            root = f"{folder}/" if folder else ""
            library = root + (found.main or "src/lib.rs")
            if library in files and found.name:
                self.crates[found.name] = library

    def _declare(self, path: str, name: str) -> None:
        for place in _places(path, name.replace("::", "/")):
            if place in self.files and place != path:
                self.inner[path, name] = place
                self.outer.setdefault(place, path)
                return

    def find(self, path: str, module: str, level: int) -> Module | None:
        first, _, rest = module.partition("::")
        found: str | None = path
        if first == "crate":
            found = self._root(path)
        elif first == "self":
            return _module(self.inner.get((path, rest)))
        elif first == "super":
            found = self.outer.get(path)
            while found is not None and rest.startswith("super"):
                found, rest = self.outer.get(found), rest.removeprefix("super").removeprefix("::")
        else:
            found = self.crates.get(first)
        for part in rest.split("::") if rest else ():
            found = self.inner.get((found, part)) if found is not None else None
        return _module(found)

    def _root(self, path: str) -> str:
        seen = {path}
        while (outer := self.outer.get(path)) is not None and outer not in seen:
            seen.add(outer)
            path = outer
        return path


def _module(path: str | None) -> Module | None:
    return None if path is None else Module(path, (path,))


def _places(path: str, name: str) -> Iterator[str]:
    """Yield where the file of a module may be that the file at `path` declares."""
    folder, _, file = path.rpartition("/")
    start = f"{folder}/" if folder else ""
    own = f"{start}{file.removesuffix('.rs')}/"
    for base in (start, own) if file in _OWN_FOLDER else (own, start):
        yield f"{base}{name}.rs"
        yield f"{base}{name}/mod.rs"


# Methods of the standard library: of an unknown receiver, they are no type's of the repository.
_COMMON = frozenset(
    {
        *(
            "as_bytes",
            "as_mut",
            "as_ref",
            "as_str",
            "borrow",
            "borrow_mut",
            "bytes",
            "chars",
            "clear",
            "clone",
        ),
        *("cloned", "cmp", "collect", "contains", "count", "default", "deref", "drop", "end", "eq", "expect"),
        *(
            "extend",
            "filter",
            "find",
            "finish",
            "flush",
            "fmt",
            "fold",
            "from",
            "get",
            "get_mut",
            "hash",
            "insert",
        ),
        *(
            "into",
            "into_iter",
            "is_empty",
            "is_none",
            "is_some",
            "iter",
            "iter_mut",
            "join",
            "keys",
            "last",
            "len",
        ),
        *(
            "lines",
            "lock",
            "map",
            "map_err",
            "max",
            "min",
            "name",
            "next",
            "new",
            "ok",
            "or_else",
            "parse",
            "path",
        ),
        *(
            "pop",
            "position",
            "push",
            "push_str",
            "read",
            "remove",
            "replace",
            "reset",
            "rev",
            "run",
            "send",
            "set",
        ),
        *(
            "sort",
            "split",
            "start",
            "starts_with",
            "sum",
            "take",
            "text",
            "to_owned",
            "to_string",
            "trim",
            "unwrap",
        ),
        *(
            "unwrap_or",
            "values",
            "wait",
            "with",
            "write",
            "write_all",
            "zip",
            "kind",
            "description",
            "source",
        ),
    }
)
_TRANSPARENT = frozenset(
    {
        *(
            "and_then",
            "as_deref",
            "as_deref_mut",
            "as_mut",
            "as_ref",
            "borrow",
            "borrow_mut",
            "by_ref",
            "clone",
        ),
        *(
            "cloned",
            "copied",
            "deref",
            "expect",
            "filter",
            "get_mut",
            "get_or_insert_with",
            "inspect",
            "into",
        ),
        *(
            "into_inner",
            "lock",
            "map_err",
            "ok",
            "ok_or",
            "ok_or_else",
            "or",
            "or_else",
            "read",
            "take",
            "to_owned",
        ),
        *(
            "unwrap",
            "unwrap_or",
            "unwrap_or_default",
            "unwrap_or_else",
            "upgrade",
            "write",
            "insert",
            "replace",
        ),
        *("map", "iter", "into_iter", "iter_mut", "await", "as_str", "unwrap_err", "expect_err"),
    }
)
_KEEPING = frozenset({"push", "push_back", "push_front", "insert", "set", "extend", "send", "append"})


def _read(root: Node, source: bytes) -> Facts:
    return Rust(source, "rust").read(root)


DIALECT = Dialect(
    read=_read,
    modules=RustModules,
    common=_COMMON,
    records=frozenset({"module", "variant"}),
    typed=True,
    callbacks=True,
    transparent=_TRANSPARENT,
    keeping=_KEEPING,
    mapping=frozenset({"map", "and_then", "flat_map", "filter_map", "fold", "map_or", "map_or_else"}),
    guesses=2,
)
