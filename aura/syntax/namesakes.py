"""Which of the items in one place have one name, and which is which where several have it."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from aura.syntax.assignment import assign
from aura.syntax.items import CODE, Item
from aura.syntax.shared import equal_runs
from aura.syntax.similarity import plain_likeness

SIGNED = 0.5
"""What the same parameters are worth, beside the likeness of two texts."""
NEARER = 1e-6
MOST = 2_500
"""Of more pairs than these none is compared."""

_Pair = tuple[Item, Item]
_Pairs = Callable[[list[Item], list[Item]], Iterator[_Pair]]


def namesakes(olds: Sequence[Item], news: Sequence[Item]) -> Iterator[_Pair]:
    """Yield the pairs of one name and kind; of several namesakes by neighbours, text, parameters, order."""
    by_name = {new.title: new for new in news}
    names = [old.title for old in olds]
    if len(by_name) == len(news) and len(set(names)) == len(olds):
        yield from ((old, by_name[name]) for old, name in zip(olds, names, strict=True) if name in by_name)
        return
    # Of equal namesakes one that came or went must not shift all that are behind it; statements come last.
    one, two = ([item for item in side if item.entity.kind != "statements"] for side in (olds, news))
    runs = equal_runs(list(map(_name_and_text, one)), list(map(_name_and_text, two)))
    equal = [(one[place], two[other]) for place, other in runs]
    yield from equal
    met = {item for pair in equal for item in pair}
    rest = _by_name(new for new in news if new not in met)
    for name, called in _by_name(old for old in olds if old not in met).items():
        if name in rest:
            yield from _of_one_name(called, rest[name])


def _of_one_name(olds: list[Item], news: list[Item]) -> Iterator[_Pair]:
    if len(olds) == len(news) == 1:
        yield olds[0], news[0]
        return
    met: set[Item] = set()
    for pairs in (_same(_kind_and_text), _same(_kind_and_parameters), _most_alike, _same(_kind)):
        for pair in pairs(*([item for item in side if item not in met] for side in (olds, news))):
            met.update(pair)
            yield pair


def _same(key: Callable[[Item], object]) -> _Pairs:
    """Pair what is equal by some key, in order."""

    def pairs(olds: list[Item], news: list[Item]) -> Iterator[_Pair]:
        waiting: dict[object, deque[Item]] = defaultdict(deque)
        for new in news:
            waiting[key(new)].append(new)
        for old in olds:
            if same := waiting.get(key(old)):
                yield old, same.popleft()

    return pairs


def _most_alike(olds: list[Item], news: list[Item]) -> Iterator[_Pair]:
    """Yield the functions of one name that are overloads of it, each with what is most like it."""
    olds, news = ([item for item in side if item.entity.kind in CODE] for side in (olds, news))
    if not 1 < len(olds) * len(news) <= MOST:
        return
    rows = [
        {
            column: 1
            + plain_likeness(old, new)
            + SIGNED * _signatures_alike(old, new)
            - NEARER * abs(row - column)
            for column, new in enumerate(news)
        }
        for row, old in enumerate(olds)
    ]
    for row, column in assign(rows).items():
        yield olds[row], news[column]


def _signatures_alike(old: Item, new: Item) -> float:
    """Return how many names and types of the parameters are the same; one that may be null is its type."""
    one, two = (
        Counter(
            part for p in item.entity.parameters for part in (p.name, f": {(p.annotation or '').rstrip('?')}")
        )
        for item in (old, new)
    )
    total = one.total() + two.total()
    return 2 * (one & two).total() / total if total else 1.0


def _by_name(side: Iterable[Item]) -> dict[tuple[str, str], list[Item]]:
    found: dict[tuple[str, str], list[Item]] = {}
    for item in side:
        found.setdefault(item.title, []).append(item)
    return found


def _name_and_text(item: Item) -> tuple[object, int]:
    return item.title, item.entity.raw


def _kind_and_text(item: Item) -> object:
    return item.entity.kind, item.entity.raw


def _kind_and_parameters(item: Item) -> object:
    return item.entity.kind, item.entity.parameters, item.entity.decorators


def _kind(item: Item) -> object:
    return item.entity.kind
