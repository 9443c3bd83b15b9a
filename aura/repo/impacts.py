"""The impacts between the sides of a repository: what each did since they parted, held between questions."""

from typing import Self

from aura.repo.cache import Cache
from aura.repo.requests import Collide, Collided


class Impacts:
    """Answers what sides mean for each other; for one thread."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def answer(self, request: Collide) -> Collided:
        """Look for the impacts between every two sides where one was touched."""
        return Collided([], [], [])

    def close(self) -> None:
        """Let go of what is held."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
