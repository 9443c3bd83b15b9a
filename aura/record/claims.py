"""Claims: what an intent says about its change, in a closed set of forms that can be checked."""

import re
from collections.abc import Iterable
from typing import Literal, get_args

from msgspec import Struct

from aura.errors import AuraError
from aura.syntax.types import Edit

Form = Literal[
    "rename_only", "move_only", "formatting_only", "docs_only", "no_behaviour_change", "no_signature_change",
    "compatible", "tests_touched", "only_touches", "adds", "deletes", "keeps", "keeps_call",
]  # fmt: skip
Verdict = Literal["supported", "contradicted", "unproven"]
TAKES: dict[Form, str] = {
    "only_touches": "GLOB...",
    "adds": "ENTITY",
    "deletes": "ENTITY",
    "keeps": "ENTITY",
    "keeps_call": "A -> B",
}
FORMS = tuple(" ".join(filter(None, (form, TAKES.get(form)))) for form in get_args(Form))
PENDING = "the change is not known yet"
MOST = 1_000
SHOWN = 20

_WORD = re.compile(r"""(["'])(.*?)\1(?=\s|\Z)|(\S+)""", re.DOTALL)


class Claim(Struct, frozen=True):
    """One claim: globs for `only_touches`, an entity's name for `adds`, `deletes` and `keeps`, and the names
    of caller and callee for `keeps_call`.
    """

    form: Form
    about: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The one way to write it."""
        if self.form == "keeps_call":
            return f"keeps_call {' -> '.join(self.about)}"
        written = map(_quoted, self.about) if self.form == "only_touches" else self.about
        return " ".join((self.form, *written))


class Witness(Struct, frozen=True):
    """An entity that shows a verdict, and what it is or what happened to it."""

    path: str
    qualified_name: str
    line: int
    what: str


class Judged(Struct, frozen=True):
    """A claim with its verdict: why, the entities that show it, and what would mend it."""

    claim: str
    verdict: Verdict = "unproven"
    reason: str = PENDING
    entities: tuple[Witness, ...] = ()
    mend: str = ""


def parse(text: str, at: str = "$.claims") -> Claim:
    """Read one claim. Raises `invalid_claim`, which says what is wrong with it and lists the forms."""
    word, _, rest = text.strip().partition(" ")
    form = _form(word)
    rest = rest.strip()
    if form is None:
        raise _unreadable(text, f"{word!r} is no claim" if word else "it is empty", at)
    if len(text) > MOST or not text.isprintable():
        raise _unreadable(text[:40], f"it is no line of at most {MOST} printable characters", at)
    if form not in TAKES:
        if rest:
            raise _unreadable(text, f"nothing may follow {form}", at)
        return Claim(form)
    about = _about(form, rest)
    if not about or not all(about):
        raise _unreadable(text, f"{form} needs {TAKES[form]}", at)
    return Claim(form, about)


def parsed(texts: list[str]) -> list[Claim]:
    """Read the claims of an intent, each once."""
    return list(dict.fromkeys(parse(text, f"$.claims[{n}]") for n, text in enumerate(texts)))


def _form(word: str) -> Form | None:
    said = word.lower().replace("-", "_").replace("behavior", "behaviour")
    return next((form for form in get_args(Form) if form == said), None)


def _about(form: Form, rest: str) -> tuple[str, ...]:
    if form == "only_touches":
        return tuple(dict.fromkeys(found[2] or found[3] or "" for found in _WORD.finditer(rest)))
    if form != "keeps_call":
        return (rest,)
    return ends(rest)


def ends(said: str) -> tuple[str, ...]:
    """Read `A -> B`: two names, or none where there is no arrow."""
    caller, arrow, callee = said.partition(" -> ") if " -> " in said else said.rpartition("->")
    return (caller.strip(), callee.strip()) if arrow else ()


def _quoted(glob: str) -> str:
    if not re.search(r"""[\s"']""", glob):
        return glob
    return f"'{glob}'" if '"' in glob else f'"{glob}"'


def _unreadable(text: str, why: str, at: str) -> AuraError:
    return AuraError(
        "invalid_claim",
        f"cannot read the claim {text!r}: {why}",
        f"Write one of: {'; '.join(FORMS)}.",
        {"path": at, "forms": FORMS},
    )


def witness(edit: Edit, what: str = "") -> Witness:
    """Name the entity of an edit as it is now, or was, and what happened to it."""
    side = edit.new or edit.old
    assert side is not None
    return Witness(side.path, side.qualified_name, side.line, what or described(edit))


def described(edit: Edit) -> str:
    """Say in a few words what happened to an entity."""
    words = []
    for change in edit.changes:
        if change == "renamed" and edit.old:
            words.append(f"renamed from {edit.old.name}")
        elif change == "moved" and edit.old and edit.new and edit.old.path != edit.new.path:
            words.append(f"moved from {edit.old.path}")
        else:
            words.append(change.replace("_", " "))
    return ", ".join(words)


def judged(
    claim: Claim, verdict: Verdict, reason: str, entities: Iterable[Witness] = (), mend: str = ""
) -> Judged:
    """Give a claim its verdict; of many entities the first are shown."""
    return Judged(claim.text, verdict, reason, tuple(entities)[:SHOWN], mend)
