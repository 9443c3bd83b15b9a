"""Goals: what is to be proved, in a closed set of statements about code, as commands, or in plain words."""

import re
import shlex
from typing import Literal, get_args

from msgspec import Struct

from aura.errors import AuraError
from aura.record.claims import MOST, Witness, ends
from aura.syntax.references.types import Confidence

Form = Literal[
    "exists", "calls", "reaches", "never calls", "never reaches", "signature", "implements", "covered", "run",
    "words",
]  # fmt: skip
Kind = Literal["structural", "command", "words"]
Result = Literal["pass", "fail", "unknown", "error"]
WORST: tuple[Result, ...] = ("error", "fail", "unknown", "pass")
TAKES: dict[Form, str] = {
    "exists": "ENTITY",
    "calls": "A -> B",
    "reaches": "A -> B",
    "never calls": "A -> B",
    "never reaches": "A -> B",
    "signature": "ENTITY (PARAMETER, ...)",
    "implements": "TYPE : TYPE",
    "covered": "ENTITY",
    "run": "PROGRAM ARGUMENT...",
}
FORMS = tuple(f"{form}{':' if form == 'run' else ''} {takes}" for form, takes in TAKES.items())

_FORM = re.compile(r"(never (?:calls|reaches)|exists|calls|reaches|signature|implements|covered)(?:\s+|\Z)")
_SIGNATURE = re.compile(r"(?P<name>[^\s(]+)\s*\((?P<parameters>.*)\)(?:\s*->\s*(?P<result>\S.*))?", re.DOTALL)
_KIND = re.compile(r"\s+:\s+")
_OPENING, _CLOSING = "([{<", ")]}>"


class Statement(Struct, frozen=True):
    """One goal: the names that it is about; for `signature` the entity, its parameters, and its result where
    one is said (else an empty text); the words of a command; or the text as it is.
    """

    form: Form
    about: tuple[str, ...]

    @property
    def kind(self) -> Kind:
        return "command" if self.form == "run" else "words" if self.form == "words" else "structural"

    @property
    def text(self) -> str:
        """The one way to write it."""
        if self.form == "words":
            return self.about[0]
        if self.form == "run":
            return f"run: {shlex.join(self.about)}"
        if self.form == "signature":
            name, *parameters, result = self.about
            return f"signature {name} ({', '.join(parameters)}){f' -> {result}' if result else ''}"
        return f"{self.form} {(' : ' if self.form == 'implements' else ' -> ').join(self.about)}"


class Step(Struct, frozen=True):
    """A call: who calls whom, where, and how sure that is."""

    caller: str
    callee: str
    path: str
    line: int
    confidence: Confidence


class Ran(Struct, frozen=True):
    """What became of a command: its exit status or the signal that ended it, and the end of its output.

    `sandbox` is the level under which it ran.
    """

    argv: tuple[str, ...]
    sandbox: str
    exit_code: int | None = None
    signal: int | None = None
    timed_out: bool = False
    seconds: float = 0.0
    output: str = ""
    output_bytes: int = 0


class Evidence(Struct, frozen=True):
    """What shows a result: entities, the calls of a path in their order, or a command."""

    entities: tuple[Witness, ...] = ()
    calls: tuple[Step, ...] = ()
    command: Ran | None = None


class Judgement(Struct, frozen=True):
    """A result, why, and what shows it."""

    result: Result
    reason: str
    evidence: Evidence = Evidence()


def parse(text: str, at: str = "$.goal") -> Statement:
    """Read one goal. Raises `invalid_goal`.

    What begins with none of the forms is taken as plain words.
    """
    said = text.strip()
    if not said:
        raise _unreadable(text, "it is empty", at)
    if len(said) > MOST or not said.isprintable():
        raise _unreadable(said[:40], f"it is no line of at most {MOST} printable characters", at)
    if said.startswith("run:"):
        return Statement("run", _words(said, said[4:], at))
    found = _FORM.match(said)
    if found is None:
        return Statement("words", (said,))
    form = next(form for form in get_args(Form) if form == found[1])
    about = _about(form, said[found.end() :])
    if not about or not all(about[:2] if form != "signature" else about[:1]):
        raise _unreadable(said, f"{form} needs {TAKES[form]}", at)
    return Statement(form, about)


def command(argv: list[str], at: str = "$.command") -> Statement:
    """Return the goal that a command, given in words, succeeds. Raises `invalid_goal`."""
    text = f"run: {shlex.join(argv)}"
    if not argv or not argv[0]:
        raise _unreadable(text, "it names no program", at)
    if len(text) > MOST or not text.isprintable():
        raise _unreadable(text[:40], f"it is no line of at most {MOST} printable characters", at)
    return Statement("run", tuple(argv))


def _words(said: str, rest: str, at: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(rest))
    except ValueError:
        raise _unreadable(said, "a quotation is not closed", at) from None
    if not words or not words[0]:
        raise _unreadable(said, "it names no program", at)
    return words


def _about(form: Form, rest: str) -> tuple[str, ...]:
    if form in ("exists", "covered"):
        return (rest,) if rest and not re.search(r"\s", rest) else ()
    if form == "implements":
        about = tuple(_KIND.split(rest.strip()))
        return about if len(about) == 2 else ()
    if form == "signature":
        found = _SIGNATURE.fullmatch(rest.strip())
        if found is None:
            return ()
        return (found["name"], *parted(found["parameters"]), (found["result"] or "").strip())
    return ends(rest)


def parted(parameters: str) -> list[str]:
    """Part parameters at the commas that are in no brackets, and put single spaces between their words."""
    parts, depth, begin = [], 0, 0
    for at, sign in enumerate(parameters):
        if sign == "," and depth <= 0:
            parts.append(parameters[begin:at])
            begin = at + 1
        elif sign in _OPENING:
            depth += 1
        elif sign in _CLOSING and parameters[at - 1 : at + 1] not in ("->", "=>"):
            depth -= 1
    tidy = [" ".join(part.split()) for part in [*parts, parameters[begin:]]]
    return [part for part in tidy if part]


def _unreadable(text: str, why: str, at: str) -> AuraError:
    return AuraError(
        "invalid_goal",
        f"cannot read the goal {text!r}: {why}",
        f"Write one of: {'; '.join(FORMS)}; or plain words that begin with none of these.",
        {"path": at, "forms": FORMS},
    )
