"""Namesakes that may not be one entity, and what speaks for each."""

from collections import Counter
from collections.abc import Container, Mapping

from aura.syntax.items import Item
from aura.syntax.votes import Votes

MARGIN = 0.4
"""How much more alike another must be than a namesake that nobody else would be paired with."""

MOST = 0.6
"""How much of a namesake must be left in another to be what that has been."""


class Doubt:
    """The namesakes in doubt, and what speaks for them."""

    def __init__(self, pairs: Mapping[Item, Item], votes: Votes) -> None:
        self.twins = {**pairs, **{new: old for old, new in pairs.items()}}
        self.kept = {item: votes.text(*pair) for pair in pairs.items() for item in pair}
        self.grown = {new for old, new in pairs.items() if votes.share(old, new) >= MOST}
        self.grown |= {old for old, new in pairs.items() if votes.share(old, new, of_new=True) >= MOST}
        self.votes = votes
        words = [(Counter(old.words), Counter(new.words)) for old, new in pairs.items()]
        newly = frozenset(word for one, two in words for word in two - one)
        formerly = frozenset(word for one, two in words for word in one - two)
        self.called = newly, formerly

    def is_copied(self, old: Item, new: Item, taken: Container[Item]) -> bool:
        """Tell whether content went from one to the other while a namesake stayed that nobody took.

        So it is where namesakes call the other on one side only: the content was taken out of them, or put
        into them; where the namesake is not much less alike; and where it is still in what took in more.
        """
        for item, other, called in zip((old, new), (new, old), self.called, strict=True):
            twin = self.twins.get(item, other)
            if twin is other or twin in taken:
                continue
            if other.entity.name.encode() in called or self.votes.text(old, new) < self.kept[item] + MARGIN:
                return True
            if item in self.grown:
                return True
        return False
