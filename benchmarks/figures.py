"""What a benchmark measured: figures beside what they are compared with, and the bar they must reach."""

from collections.abc import Callable, Sequence
from math import ceil
from pathlib import Path

from msgspec import Struct


class Settings(Struct, frozen=True):
    """What is measured on, and at which share of the full counts and durations."""

    repo: Path | None = None
    scale: float = 1.0

    def count(self, full: int, least: int = 1) -> int:
        return max(least, round(full * self.scale))

    def seconds(self, full: float) -> float:
        return full * self.scale


class Bar(Struct, frozen=True):
    """The value that a ratio, or a figure that stands alone, must reach."""

    value: float
    at_least: bool = False

    def met(self, value: float) -> bool:
        return value >= self.value if self.at_least else value <= self.value

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.value:g}"


class Figure(Struct, frozen=True):
    """One measured value. With `beside`, the bar is for the ratio; without a bar the figure only informs."""

    what: str
    ours: float
    unit: str
    beside: float | None = None
    beside_what: str = ""
    bar: Bar | None = None

    @property
    def ratio(self) -> float | None:
        return self.ours / self.beside if self.beside else None

    @property
    def met(self) -> bool | None:
        if self.bar is None:
            return None
        return self.bar.met(self.ours if self.ratio is None else self.ratio)


Benchmark = Callable[[Settings], list[Figure]]
Results = Sequence[tuple[str, list[Figure]]]


def quantile(values: Sequence[float], share: float) -> float:
    """Return the least value that is not below a share of all (nearest rank)."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


def median(values: Sequence[float]) -> float:
    return quantile(values, 0.5)


def table(results: Results) -> str:
    """Write figures as a plain table."""
    rows: list[tuple[str, ...]] = [("benchmark", "figure", "measured", "beside", "ratio", "bar", "met")]
    rows += [_row(name, figure) for name, figures in results for figure in figures]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows)


def plain(results: Results) -> list[dict[str, object]]:
    """Return figures as JSON has them."""
    return [
        {
            "benchmark": name,
            "figure": figure.what,
            "measured": figure.ours,
            "unit": figure.unit,
            "beside": figure.beside,
            "beside_what": figure.beside_what,
            "ratio": figure.ratio,
            "bar": str(figure.bar) if figure.bar else None,
            "met": figure.met,
        }
        for name, figures in results
        for figure in figures
    ]


def _row(name: str, f: Figure) -> tuple[str, ...]:
    beside = f"{_number(f.beside)} {f.unit} ({f.beside_what})" if f.beside is not None else ""
    ratio = f"{f.ratio:.2f}" if f.ratio is not None else ""
    met = "" if f.met is None else "yes" if f.met else "NO"
    return name, f.what, f"{_number(f.ours)} {f.unit}", beside, ratio, str(f.bar) if f.bar else "", met


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
