"""The draws that make a population, twice as quick as `random` makes them.

They are the very draws of `random.Random`, so that a seed keeps meaning the same org:
choice, randrange and randint all come from one uniform number below n, and `random`
itself spends most of its time on arguments that are always good here.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

T = TypeVar("T")


class Dice:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._bits = self._random.getrandbits
        self.share = self._random.random

    def below(self, count: int) -> int:
        """A whole number from 0 to before `count`."""
        width = count.bit_length()
        drawn = self._bits(width)
        while drawn >= count:
            drawn = self._bits(width)
        return drawn

    def pick(self, of: Sequence[T]) -> T:
        return of[self.below(len(of))]


class Weighted:
    """Some of these, each as often as its weight says."""

    def __init__(self, weights: Sequence[int]) -> None:
        self._sums = list(accumulate(weights))
        self._total = self._sums[-1] + 0.0
        self._last = len(weights) - 1

    def place(self, dice: Dice) -> int:
        return bisect(self._sums, dice.share() * self._total, 0, self._last)
