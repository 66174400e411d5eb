"""Keys of events: an eventID that stands for several events gets ``#2``, ``#3`` behind it.

Within a document the events of one id are numbered by time, then by content; a later document goes on counting. The
same content under the same id is the same event, wherever it comes from.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from suyuan.ingest.text import BoolArray, IntArray

NumberArray = NDArray[np.int32]
_SPLIT = b"\x1f"


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a document's events.

    Attributes
    ----------
    numbers : int32, shape (n,): 1 where the key is the id itself
    first : bool, shape (n,): not a repetition of an earlier event of the document
    """

    numbers: NumberArray
    first: BoolArray

    def of(self, bases: pa.Array, start: int = 0) -> pa.Array:
        """Keys of events from place ``start`` on, by their ids."""
        numbers = self.numbers[start : start + len(bases)]
        again = np.flatnonzero(numbers > 1)
        if len(again) == 0:
            return bases
        mask = np.zeros(len(bases), np.bool_)
        mask[again] = True
        texts = [
            f"{base}#{number}"
            for base, number in zip(bases.filter(pa.array(mask)).to_pylist(), numbers[again], strict=True)
        ]
        return pc.replace_with_mask(bases, pa.array(mask), pa.array(texts, pa.string()))


class KeyBook:
    """The events that are known so far, by id and content, with their numbers."""

    def __init__(self) -> None:
        self._pairs = pa.array([], pa.binary())
        self._numbers = np.zeros(0, np.int32)
        self._bases = pa.array([], pa.string())

    def add_known(self, bases: pa.Array, contents: pa.Array, numbers: NumberArray) -> None:
        """Takes in events of the store."""
        self._pairs = pa.concat_arrays([self._pairs, _pairs(bases, contents)])
        self._numbers = np.concatenate([self._numbers, numbers])
        self._bases = pa.concat_arrays([self._bases, bases])

    def number(self, bases: pa.Array, contents: pa.Array, micros: IntArray) -> Keys:
        """Numbers the events of one more document, and remembers them.

        Parameters
        ----------
        bases : ids, text, shape (n,)
        contents : binary, shape (n,): what tells events of one id apart
        micros : int64, shape (n,): their times
        """
        encoded = pc.dictionary_encode(_pairs(bases, contents))
        codes = np.asarray(encoded.indices)
        found, first_rows = np.unique(codes, return_index=True)
        first = np.zeros(len(codes), np.bool_)
        first[first_rows] = True
        taken = pa.array(first_rows)
        own = bases.take(taken)
        known = pc.index_in(encoded.dictionary, self._pairs)
        is_new = np.asarray(pc.is_null(known))
        numbers = np.ones(len(found), np.int32)
        old = np.asarray(pc.fill_null(known, 0))
        if len(self._numbers):
            numbers[~is_new] = self._numbers[old[~is_new]]
        self._number_new(own, contents.take(taken), micros[first_rows], is_new, numbers)
        new = pa.array(is_new)
        self.add_known(own.filter(new), contents.take(taken).filter(new), numbers[is_new])
        return Keys(numbers[codes], first)

    def _number_new(
        self, bases: pa.Array, contents: pa.Array, micros: IntArray, is_new: BoolArray, numbers: NumberArray
    ) -> None:
        """Numbers of events that are new while their id is not, or is new several times."""
        new_bases = bases.filter(pa.array(is_new))
        counts = pc.value_counts(new_bases)
        several = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
        shared = pa.concat_arrays([several, pc.unique(new_bases.filter(pc.is_in(new_bases, self._bases)))])
        if len(shared) == 0:
            return
        highest: defaultdict[str, int] = defaultdict(int)
        here = np.flatnonzero(np.asarray(pc.is_in(self._bases, shared)))
        for base, number in zip(
            self._bases.take(pa.array(here)).to_pylist(), self._numbers[here], strict=True
        ):
            highest[base] = max(highest[base], int(number))
        places = np.flatnonzero(is_new & np.asarray(pc.is_in(bases, shared)))
        texts = bases.take(pa.array(places)).to_pylist()
        bytes_of = contents.take(pa.array(places)).to_pylist()
        for place, base, _, _ in sorted(
            zip(places.tolist(), texts, micros[places].tolist(), bytes_of, strict=True),
            key=lambda entry: (entry[1], entry[2], entry[3]),
        ):
            highest[base] += 1
            numbers[place] = highest[base]


def _pairs(bases: pa.Array, contents: pa.Array) -> pa.Array:
    """Id and content as one value."""
    return pc.binary_join_element_wise(bases.cast(pa.binary()), contents.cast(pa.binary()), _SPLIT)
