"""From the matches of a language's query to the definitions of a file: nesting, names, ranges, margins."""

import re
from bisect import bisect_left
from operator import itemgetter
from typing import cast, get_args

from msgspec.structs import replace
from tree_sitter import Node

from aura.syntax.language import Language, Match, Window
from aura.syntax.margins import end_behind, is_silent, start_above
from aura.syntax.parameters import text
from aura.syntax.types import Kind, Parameter

MAX_DEPTH = 100

_ROLES = frozenset({*get_args(Kind), "scope", "extension", "section", "wrap", "decorator"})
_TYPES = frozenset({"class", "interface", "trait", "struct", "enum", "object", "extension"})
_CODE = frozenset({"function", "method", "constructor"})
_WORD = re.compile(rb"([A-Za-z_]\w*)([(\[]\w+[)\]])?")
_Captures = dict[str, list[Node]]
_Definition = tuple[int, int, int, int, str, _Captures]


class Draft:
    """A definition or scope: what encloses those inside it, and what an entity is made of.

    `cursor` is where the last definition inside it ended: no comment above that belongs to the next one.
    """

    __slots__ = (
        "container", "cursor", "decorators", "end", "end_line", "index", "kind", "line", "modifiers", "name",
        "node_end", "node_start", "parameters", "qualified", "result", "section", "start",
    )  # fmt: skip

    def __init__(
        self, kind: str, name: str, qualified: str, container: int, start: int, end: int, cursor: int
    ):
        self.kind, self.name, self.qualified, self.container = cast(Kind, kind), name, qualified, container
        self.start = self.node_start = start
        self.end = self.node_end = end
        self.cursor = cursor
        self.index = container
        self.line = self.end_line = 0
        self.parameters: tuple[Parameter, ...] = ()
        self.result: str | None = None
        self.decorators: tuple[str, ...] = ()
        self.modifiers: tuple[str, ...] = ()
        self.section: tuple[str, ...] = ()


class Collector:
    """Collects the definitions of a file, or of a part of it, outer before inner.

    `floor` is where the last definition or scope before the part ended. `outermost` are the ranges of those
    that nothing encloses: what stands behind one depends on nothing before its end, unless the file itself is
    `sectioned`.
    """

    def __init__(
        self, source: bytes, language: Language, found: list[Match], window: Window, floor: int = 0
    ) -> None:
        self.source, self.language = source, language
        self.found: list[Draft] = []
        self.outermost: list[Window] = []
        self.sectioned = False
        self.stack = [Draft("file", "", "", -1, 0, len(source), floor)]
        self.named: set[int] = set()
        self.listed: set[int] = set()
        self.definitions, self.wraps, self.decorators = _sort(found, language, window)
        self.decorator_starts = [start for start, _ in self.decorators]
        self.next_wrap = 0
        self.line, self.counted = 1, 0
        self.modifiers_of = _modifiers_of.setdefault(language.name, {})
        self.parameters_of = _parameters_of.setdefault(language.name, ({}, {}))

    def run(self) -> list[Draft] | None:
        """Return the definitions, or None when they nest too deep."""
        for start, minus_end, name_start, _, kind, captures in self.definitions:
            end = -minus_end
            if self.next_wrap < len(self.wraps):
                start, end = self._widened(start, end)
            # Some nodes hold the line break that ends them, as a directive's.
            if self.source[end - 1 : end] == b"\n":
                end -= 2 if self.source[end - 2 : end] == b"\r\n" else 1
            if start >= end:
                continue
            while self.stack[-1].end <= start:
                self.stack.pop()
            if kind == "section":
                self.sectioned |= len(self.stack) == 1
                self.stack[-1].section = self._modifiers(self.source[start:end])
                continue
            if captures["name"][0].is_missing or name_start in self.named:
                continue
            self.named.add(name_start)
            if "parameters" in captures:
                parameters = captures["parameters"][0].start_byte
                if parameters in self.listed:
                    continue
                self.listed.add(parameters)
            self._define(kind, start, end, name_start, captures)
            if len(self.stack) > MAX_DEPTH:
                return None
        return self.found

    @property
    def floor(self) -> int:
        """Where the last definition or scope that nothing encloses ended."""
        return self.stack[0].cursor

    def _widened(self, start: int, end: int) -> tuple[int, int]:
        wraps = self.wraps
        first = start
        while self.next_wrap < len(wraps) and wraps[self.next_wrap][0] <= first:
            wrap = wraps[self.next_wrap]
            self.next_wrap += 1
            if wrap[1] >= end:
                start, end = min(start, wrap[0]), wrap[1]
        return start, end

    def _define(self, kind: str, start: int, end: int, name_start: int, captures: _Captures) -> None:
        outer = self.stack[-1]
        if start < outer.cursor and self.found and outer is self.found[-1]:
            outer.cursor = max(outer.start, outer.node_start)
        name_end = captures["name"][-1].end_byte
        scope, name = self.language.split_name(self.source[name_start:name_end].decode("utf-8", "replace"))
        if kind in ("scope", "extension"):
            inherited = kind if kind == "extension" else outer.kind
            qualified = _dotted(outer.qualified, scope, name)
            frame = Draft(inherited, name, qualified, outer.index, start, end, name_end)
            if len(self.stack) == 1:
                outer.cursor = end
                self.outermost.append((start, end))
            self.stack.append(frame)
            return
        node_start = start
        if self.found and outer is self.found[-1] and (outer.node_start, outer.node_end) == (start, end):
            outer = self._share(outer, name_start)
            start = name_start
        if "receiver" in captures:
            scope = self.language.split_receiver(text(captures["receiver"][0], self.source) or "")
            scope = "" if scope == outer.name else scope
        kind = self._kind(kind, name, scope, outer)
        if not kind:
            return
        draft = Draft(kind, name, _dotted(outer.qualified, scope, name), outer.index, start, end, name_end)
        draft.index, draft.node_start = len(self.found), node_start
        self._margins(draft, outer, name_start)
        if draft.end <= draft.start:
            return
        self._header(draft, captures)
        outer.cursor = draft.end
        if len(self.stack) == 1:
            self.outermost.append((draft.start, draft.end))
        self.stack.append(draft)
        self.found.append(draft)

    def _share(self, first: Draft, name_start: int) -> Draft:
        """End `first` where the next name of its declaration (`a, b int`) begins; return their container."""
        first.end = name_start
        first.end_line = first.line + self.source.count(b"\n", first.start, name_start)
        self.stack.pop()
        self.stack[-1].cursor = name_start
        if len(self.stack) == 1:
            self.outermost[-1] = (first.start, name_start)
        return self.stack[-1]

    def _kind(self, kind: str, name: str, scope: str, outer: Draft) -> str:
        if kind == "constant":
            if outer.kind in _CODE:
                return ""
            return "field" if scope or outer.kind in _TYPES else kind
        if kind == "function" and (scope or outer.kind in _TYPES):
            kind = "method"
        made_by = self.language.constructors
        owner = scope.rpartition(".")[2] or outer.name
        if kind == "method" and (name in made_by or ("<class>" in made_by and name == owner)):
            return "constructor"
        return kind

    def _margins(self, draft: Draft, outer: Draft, name_start: int) -> None:
        source, language = self.source, self.language
        header_start = draft.start
        spans = self._decorated(draft, outer) if self.decorators else ()
        if language.modifiers:
            header = source[header_start:name_start]
            for start, end in reversed(spans):
                if start >= header_start:
                    header = header[: start - header_start] + b" " + header[end - header_start :]
            draft.modifiers = outer.section + self._modifiers(header)
        draft.start = max(start_above(source, draft.start, outer.cursor, language), outer.cursor)
        draft.end = min(end_behind(source, draft.end, language), outer.end)
        # Definitions come by their start: each line is counted once for these.
        self.line += source.count(b"\n", self.counted, draft.start)
        self.counted = draft.start
        draft.line = self.line
        draft.end_line = draft.line + source.count(b"\n", draft.start, draft.end)

    def _decorated(self, draft: Draft, outer: Draft) -> list[tuple[int, int]]:
        """Widen a definition to the decorators above it, and return all of its decorators."""
        first = bisect_left(self.decorator_starts, draft.start)
        last = bisect_left(self.decorator_starts, draft.cursor, first)
        while first > 0 and self._touches(self.decorators[first - 1], draft.start, outer.cursor):
            first -= 1
            draft.start = self.decorators[first][0]
        spans = self.decorators[first:last]
        draft.decorators = tuple(self._label(span) for span in spans)
        return spans

    def _touches(self, span: tuple[int, int], start: int, floor: int) -> bool:
        return (
            span[0] >= floor and span[1] <= start and is_silent(self.source[span[1] : start], self.language)
        )

    def _label(self, span: tuple[int, int]) -> str:
        label = " ".join(self.source[span[0] : span[1]].decode("utf-8", "replace").split())
        return label.lstrip("@#[").removesuffix("]") if label.startswith(("#", "[")) else label.lstrip("@")

    def _modifiers(self, header: bytes) -> tuple[str, ...]:
        cache = self.modifiers_of
        known = cache.get(header)
        if known is None:
            found = ((word.decode(), (word + limit).decode()) for word, limit in _WORD.findall(header))
            known_words = self.language.modifiers
            words = (limited if limited in known_words else word for word, limited in found)
            known = tuple(word for word in words if word in known_words)
            if len(cache) < 10_000:
                cache[header] = known
        return known

    def _header(self, draft: Draft, captures: _Captures) -> None:
        if "result" in captures:
            draft.result = self.language.result(captures["result"][0], self.source)
        if self.language.parameters is None:
            return
        receiver = captures.get("receiver")
        if receiver:
            draft.parameters = tuple(_as_receiver(p) for p in self._parameters(receiver[0], False)[:1])
        nodes = captures.get("parameters")
        if nodes:
            has_object = draft.kind in ("method", "constructor")
            draft.parameters += self._parameters(nodes[0], has_object)

    def _parameters(self, node: Node, has_object: bool) -> tuple[Parameter, ...]:
        content = self.source[node.start_byte : node.end_byte]
        cache = self.parameters_of[has_object]
        known = cache.get(content)
        if known is None:
            assert self.language.parameters is not None
            known = self.language.parameters(node, self.source)
            if has_object and known and known[0].name in self.language.receivers:
                known = (_as_receiver(known[0]), *known[1:])
            if len(content) < 500 and len(cache) < 50_000 and not node.has_error:
                cache[content] = known
        return known


_modifiers_of: dict[str, dict[bytes, tuple[str, ...]]] = {}
_parameters_of: dict[str, tuple[dict[bytes, tuple[Parameter, ...]], dict[bytes, tuple[Parameter, ...]]]] = {}


def _as_receiver(parameter: Parameter) -> Parameter:
    return replace(parameter, kind="receiver")


def _dotted(outer: str, scope: str, name: str) -> str:
    inner = f"{scope}.{name}" if scope else name
    return f"{outer}.{inner}" if outer and inner else inner or outer


def _sort(
    found: list[Match], language: Language, window: Window
) -> tuple[list[_Definition], list[tuple[int, int]], list[tuple[int, int]]]:
    definitions: list[_Definition] = []
    spans: dict[str, list[tuple[int, int]]] = {"wrap": [], "decorator": []}
    for pattern, captures in found:
        role, nodes = _leading(captures)
        start, end = nodes[0].start_byte, nodes[-1].end_byte
        if language.dedents:
            end = _end(nodes[-1], nodes[0].start_point.column)
        if not window[0] <= start < window[1]:
            continue
        if role in spans:
            spans[role].append((start, end))
        else:
            name = captures["name"][0].start_byte if "name" in captures else start
            definitions.append((start, -end, name, pattern, role, captures))
    definitions.sort(key=itemgetter(0, 1, 2, 3))
    decorators: list[tuple[int, int]] = []
    for span in sorted(set(spans["decorator"]), key=_outer_first):
        if not decorators or span[0] >= decorators[-1][1]:
            decorators.append(span)
    return definitions, sorted(set(spans["wrap"]), key=_outer_first), decorators


def _end(node: Node, column: int) -> int:
    """Return where a node ends without the comments that follow it, where indentation ends its block."""
    end = node.end_byte
    last: Node = node
    while count := last.child_count:
        final = last.child(count - 1)
        child: Node | None = final
        while child is not None and child.is_extra and child.start_point.column <= column:
            child = child.prev_sibling
        if child is None:
            break
        if child is not final:
            end = child.end_byte
        last = child
    return end


def _leading(captures: _Captures) -> tuple[str, list[Node]]:
    for role, nodes in captures.items():
        if role in _ROLES:
            return role, nodes
    raise KeyError(f"cannot find a leading capture among {sorted(captures)}")


def _outer_first(span: tuple[int, int]) -> tuple[int, int]:
    return span[0], -span[1]
