"""Rendering: rich tables on a terminal, tab-separated text in a pipe."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import click

PAGE, LARGEST_PAGE = 50, 500
GOES_ON, FOLLOWED = "goes_on", "followed"
"""What is noted on a page that is printed after others, and on one that is printed before others."""


def on_terminal() -> bool:
    """Tell whether a person looks at the output."""
    return sys.stdout.isatty()


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    empty: str = "nothing found",
    cut: Sequence[str] = (),
    last: Sequence[str] = (),
) -> None:
    """Print rows under their columns; on a terminal each row is one line where some columns may be cut, those
    named `last` after all others.
    """
    shown = [[printable(text(cell)) for cell in row] for row in rows]
    if not on_terminal():
        for row in shown:
            click.echo("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in row))
        return
    if not shown:
        click.echo(empty)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if cut or last:
        from .fit import fitted, widths

        shown = [[" ".join(cell.split()) for cell in row] for row in shown]
        firm = [n for n, column in enumerate(columns) if column not in (*cut, *last)]
        kept = [n for n, column in enumerate(columns) if column in last]
        room = widths([columns, *shown], Console().width, firm, kept)
        columns = [fitted(column, width) for column, width in zip(columns, room, strict=True)]
        shown = [[fitted(cell, width) for cell, width in zip(row, room, strict=True)] for row in shown]
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        drawn.add_column(
            column,
            overflow="fold",
            no_wrap=column in ("id", "intent", "when", "entities", "line", "lines", "commit"),
        )
    for row in shown:
        drawn.add_row(*map(Text, row))
    Console().print(drawn)


def columns(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a few rows under their columns without what draws tables, which takes longer than the rest."""
    shown = [[text(cell) for cell in row] for row in rows]
    if not on_terminal():
        table(names, shown)
        return
    widths = [max(len(row[at]) for row in [list(names), *shown]) for at in range(len(names))]
    for row in [list(names), *shown]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def text(value: Any) -> str:
    """Write one value for people."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ",".join(f"{k}={text(v)}" for k, v in value.items())
    if isinstance(value, list):
        return ",".join(text(v) for v in value)
    return str(value)


def printable(answer: Any) -> Any:
    """Escape what could steer a terminal in the texts of an answer: names and messages are anybody's."""
    if isinstance(answer, dict):
        return {printable(key): printable(value) for key, value in answer.items()}
    if isinstance(answer, list):
        return [printable(value) for value in answer]
    if not isinstance(answer, str) or answer.isprintable():
        return answer
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in answer)


def count(number: int, noun: str) -> str:
    """Write how many there are of something."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def json_text(answer: Any, indent: int | None = None) -> str:
    """Write JSON that steers no terminal: the same values, with more of their signs escaped."""
    text = json.dumps(answer, indent=indent, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def pairs(values: dict[str, Any]) -> None:
    """Print names and values, one pair a line."""
    width = max((len(name) for name in values), default=0)
    for name, value in values.items():
        said = printable(text(value))
        click.echo(f"{name.replace('_', ' '):<{width}}  {said}" if on_terminal() else f"{name}\t{said}")


def is_groups(answer: Any) -> bool:
    """Tell whether an answer is a page of groups rather than of rows."""
    data = answer.get("data") if isinstance(answer, dict) else None
    return isinstance(data, list) and bool(data) and "key" in data[0]


def anything(answer: Any) -> None:
    """Print an answer that has no rendering of its own."""
    if isinstance(answer, dict) and isinstance(answer.get("data"), list):
        page(answer, None)
    elif isinstance(answer, dict):
        pairs(answer)
    else:
        click.echo(text(answer))


def page(answer: dict[str, Any], columns: Sequence[str] | None) -> None:
    """Print one page of a list, and how to see the next one."""
    data = answer["data"]
    if data and "key" in data[0] and "count" in data[0]:
        flat = [{**row["key"], **{k: v for k, v in row.items() if k != "key"}} for row in data]
        table(list(flat[0]), [list(row.values()) for row in flat])
    else:
        names = list(columns or (data[0] if data else ()))
        table(names, [[row.get(name) for name in names] for row in data])
    more(answer)


def more(answer: dict[str, Any]) -> None:
    """Say how to see the next page, where it is not printed unasked."""
    if answer.get("has_more") and not answer.get(FOLLOWED):
        click.echo(f"more: --cursor {answer['next_cursor']}", err=True)


def limit_help(what: str, most: int = LARGEST_PAGE, unasked: int = PAGE) -> str:
    """Say how many rows there are without the option, and how many it may ask for."""
    return f"{what}, 1 to {most}; without it {unasked} on a terminal, and all in a pipe."


def following(first: dict[str, Any], ask: Callable[[dict[str, Any]], Any]) -> Iterator[dict[str, Any]]:
    """Yield a page and all that follow it, each asked for when the one before it is printed."""
    answer = first
    while answer["has_more"]:
        yield {**answer, FOLLOWED: True}
        answer = {**ask({"cursor": answer["next_cursor"], "limit": LARGEST_PAGE}), GOES_ON: True}
    yield answer


def ago(at: str | None) -> str:
    """Write how long ago a time of the API is."""
    if at is None:
        return "-"
    from datetime import UTC, datetime

    return span(int((datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds())) + " ago"


def span(seconds: int) -> str:
    """Write a span of time."""
    minutes, hours = seconds // 60, seconds // 3600
    return (
        f"{hours} h {minutes % 60} min" if hours else f"{minutes} min" if minutes else f"{max(0, seconds)} s"
    )


def when(at: str) -> str:
    """Write a time of the API for people: to the minute, in local time."""
    from datetime import datetime

    return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M")


def now() -> str:
    """Return the present moment as the API writes it."""
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
