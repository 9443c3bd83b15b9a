"""The best assignment in a sparse bipartite graph: who gets whom so that the total worth is greatest."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from heapq import heappop, heappush

MOST_STEPS = 20_000_000
"""The rows times the edges of a component above which it is assigned greedily."""

Row = Mapping[int, float]


def assign(rows: Sequence[Row]) -> dict[int, int]:
    """Return the columns of the rows that get one; a row holds what each column would be worth, above 0.

    Each component of the graph is solved exactly by shortest augmenting paths (Jonker and Volgenant,
    Computing 38, 1987); one that is too large for that is assigned greedily.
    """
    found: dict[int, int] = {}
    for component in _components(rows):
        if len(component) == 1:
            row = component[0]
            found[row] = max(rows[row], key=lambda column: (rows[row][column], -column))
        elif len(component) * sum(len(rows[row]) for row in component) > MOST_STEPS:
            found |= _greedy(rows, component)
        else:
            found |= _Paths(rows).run(component)
    return found


def _components(rows: Sequence[Row]) -> Iterator[list[int]]:
    takers: dict[int, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        for column in row:
            takers[column].append(number)
    seen: set[int] = set()
    for first, row in enumerate(rows):
        if first in seen or not row:
            continue
        seen.add(first)
        component, waiting = [], [first]
        while waiting:
            number = waiting.pop()
            component.append(number)
            for column in rows[number]:
                for other in takers.pop(column, ()):
                    if other not in seen:
                        seen.add(other)
                        waiting.append(other)
        yield sorted(component)


def _greedy(rows: Sequence[Row], component: Sequence[int]) -> dict[int, int]:
    edges = sorted((-worth, row, column) for row in component for column, worth in rows[row].items())
    found: dict[int, int] = {}
    taken: set[int] = set()
    for _, row, column in edges:
        if row not in found and column not in taken:
            found[row] = column
            taken.add(column)
    return found


class _Paths:
    """Shortest augmenting paths; each row also has a column of its own, worth nothing: it stays alone."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.prices: dict[int, float] = defaultdict(float)
        self.row_of: dict[int, int] = {}
        self.column_of: dict[int, int] = {}

    def run(self, component: Sequence[int]) -> dict[int, int]:
        for row in component:
            self._augment(row)
        return {row: column for row, column in self.column_of.items() if column >= 0}

    def _augment(self, start: int) -> None:
        """Give `start` a column; those who had the columns on the cheapest path move on to the next."""
        costs: dict[int, float] = {}
        came_from: dict[int, int] = {}
        done: list[int] = []
        settled: set[int] = set()
        heap: list[tuple[float, int]] = []
        row, so_far = start, 0.0
        while True:
            for column, cost in self._columns(row):
                total = so_far + cost - self.prices[column]
                if column not in settled and total < costs.get(column, total + 1):
                    costs[column], came_from[column] = total, row
                    heappush(heap, (total, column))
            least, column = heappop(heap)
            while column in settled:
                least, column = heappop(heap)
            if column not in self.row_of:
                break
            settled.add(column)
            done.append(column)
            row = self.row_of[column]
            so_far = least - (self._cost(row, column) - self.prices[column])
        for other in done:
            self.prices[other] += costs[other] - least
        while True:
            row = came_from[column]
            before = self.column_of.get(row)
            self.row_of[column], self.column_of[row] = row, column
            if row == start or before is None:
                break
            column = before

    def _columns(self, row: int) -> Iterator[tuple[int, float]]:
        for column, worth in self.rows[row].items():
            yield column, -worth
        yield -1 - row, 0.0

    def _cost(self, row: int, column: int) -> float:
        return 0.0 if column < 0 else -self.rows[row][column]
