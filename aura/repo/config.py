"""Read a repository's own config file, as far as finding our way needs it, without running git."""

import re

_SECTION = re.compile(r'\[\s*([A-Za-z0-9.-]+)\s*(?:"((?:[^"\\]|\\.)*)"\s*)?\]')
_VARIABLE = re.compile(r"([A-Za-z][A-Za-z0-9-]*)\s*(=)?\s*")
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b"}


def parse(data: bytes) -> dict[str, str]:
    """Return the last value of each key, `section.subsection.name`; includes are not followed.

    A key without a value is "true". What cannot be read is left out: git itself will complain about it.
    """
    values: dict[str, str] = {}
    section = ""
    text = re.sub(r"\\\r?\n", "", data.decode("utf-8", "surrogateescape"))
    for line in text.split("\n"):
        rest = line.strip()
        if met := _SECTION.match(rest):
            section = met[1].lower()
            if met[2] is not None:
                section += "." + re.sub(r"\\(.)", r"\1", met[2])
            rest = rest[met.end() :].lstrip()
        if section and (variable := _VARIABLE.match(rest)):
            value = _value(rest[variable.end() :]) if variable[2] else "true"
            values[f"{section}.{variable[1].lower()}"] = value
    return values


def is_true(value: str | None) -> bool:
    """Tell whether a value means yes."""
    return value is not None and value.lower() in ("true", "yes", "on", "1")


def _value(text: str) -> str:
    """Unquote a value and cut its comment."""
    out: list[str] = []
    quoted = False
    kept = 0
    at = 0
    while at < len(text):
        c = text[at]
        if c == "\\" and at + 1 < len(text):
            at += 1
            out.append(_ESCAPES.get(text[at], text[at]))
            kept = len(out)
        elif c == '"':
            quoted = not quoted
        elif c in "#;" and not quoted:
            break
        else:
            out.append(c)
            if quoted or not c.isspace():
                kept = len(out)
        at += 1
    return "".join(out[:kept])
