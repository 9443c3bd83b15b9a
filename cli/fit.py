"""Fitting rows into the width of a terminal: a line each, cut with an ellipsis."""

from collections.abc import Collection, Sequence

from rich.cells import cell_len, set_cell_size

GAP = 2
NARROWEST = 8
Row = Sequence[str]


def fitted(text: str, width: int) -> str:
    """Cut a text to a width, with an ellipsis where something is lost."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…" if width > 0 else ""


def widths(
    rows: Sequence[Row], width: int, firm: Collection[int] = (), last: Collection[int] = ()
) -> list[int]:
    """Return how wide each column may be, so that all fit: of those not firm the widest gives way, and those
    to be kept to the last only where all others are as narrow as can be.
    """
    found = [max(cell_len(row[n]) for row in rows) for n in range(len(rows[0]))]
    room = max(width - GAP * (len(found) - 1), 0)
    giving = [n for n in range(len(found)) if n not in firm]
    while giving and sum(found) > room:
        first = [n for n in giving if n not in last and found[n] > NARROWEST]
        widest = max(first or giving, key=lambda n: found[n])
        if found[widest] <= NARROWEST:
            break
        found[widest] -= 1
    return found
