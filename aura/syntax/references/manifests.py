"""What the files that describe a package say of its imports: `go.mod`, `Cargo.toml`, `package.json`.

They become facts without places; `Facts.package` is a `Manifest` in JSON.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from aura.syntax.references.types import Facts

_COMMENTS = re.compile(rb'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING = re.compile(rb",(\s*[}\]])")
_MODULE = re.compile(r"^module\s+\"?([^\s\"]+)", re.MULTILINE)


class Manifest(Struct, frozen=True, omit_defaults=True):
    """`name` is that of the package, `main` the file that importers of it get, relative to the manifest.

    `base` is the folder that imports may begin at, `paths` are patterns of them and what they stand for.
    """

    name: str = ""
    main: str = ""
    base: str | None = None
    paths: dict[str, tuple[str, ...]] = {}


def _go(source: bytes) -> Manifest:
    found = _MODULE.search(source.decode("utf-8", "replace"))
    return Manifest(found[1] if found else "")


def _cargo(source: bytes) -> Manifest:
    content = tomllib.loads(source.decode("utf-8", "replace"))
    package, library = _table(content, "package"), _table(content, "lib")
    name = str(library.get("name") or package.get("name") or "")
    return Manifest(name.replace("-", "_"), str(library.get("path") or ""))


def _npm(source: bytes) -> Manifest:
    content = msgspec.json.decode(source)
    return Manifest(_text(content, "name"), _text(content, "main") or _text(content, "module"))


def _tsconfig(source: bytes) -> Manifest:
    plain = _COMMENTS.sub(lambda found: found[1] or b"", source)
    options = _table(msgspec.json.decode(_TRAILING.sub(rb"\1", plain)), "compilerOptions")
    paths = {
        pattern: tuple(target for target in targets if isinstance(target, str))
        for pattern, targets in _table(options, "paths").items()
        if isinstance(targets, list)
    }
    return Manifest("", "", _text(options, "baseUrl") or ("" if paths else None), paths)


def _table(content: Any, key: str) -> Mapping[str, Any]:
    found = content.get(key) if isinstance(content, dict) else None
    return found if isinstance(found, dict) else {}


def _text(content: Any, key: str) -> str:
    found = content.get(key) if isinstance(content, dict) else None
    return found if isinstance(found, str) else ""


_READERS: dict[str, tuple[str, Callable[[bytes], Manifest]]] = {
    "go.mod": ("go", _go),
    "Cargo.toml": ("rust", _cargo),
    "package.json": ("javascript", _npm),
    "tsconfig.json": ("typescript", _tsconfig),
    "jsconfig.json": ("javascript", _tsconfig),
}


def manifest_language(path: str) -> str | None:
    """Return the language whose imports a file of this name says something of, or None."""
    known = _READERS.get(path.rpartition("/")[2])
    return known[0] if known else None


def read_manifest(source: bytes, path: str) -> Facts | None:
    """Return the facts of a manifest, or None where it cannot be read."""
    language, reader = _READERS[path.rpartition("/")[2]]
    try:
        manifest = reader(source)
    except (ValueError, RecursionError):
        return None
    return Facts(language, (), (), (), (), (), package=msgspec.json.encode(manifest).decode())


def manifests(files: Mapping[str, Facts], *names: str) -> dict[str, Manifest]:
    """Return the manifests of these names among files, by the folder that they are in."""
    return {
        path.rpartition("/")[0]: msgspec.json.decode(facts.package, type=Manifest)
        for path, facts in sorted(files.items())
        if path.rpartition("/")[2] in names
    }
