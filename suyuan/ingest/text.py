"""Arrow text columns seen as bytes: the checks that cost nothing when there is nothing to find.

Nearly every cell of nearly every file is plain; each function looks at the raw bytes of a whole column
first and does the expensive thing only where a byte says that it may be needed.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from suyuan.graph.ids import escape_key

BytesArray = NDArray[np.uint8]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

NULL_TEXT = pa.scalar(None, pa.string())

# Blanks and controls that a canonical id escapes, as ranges of code points (suyuan.graph.ids).
_RESERVED_RANGES = (
    (0x00, 0x20),
    (0x7F, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
)
_RESERVED = "[" + "".join(f"\\x{{{low:x}}}-\\x{{{high:x}}}" for low, high in _RESERVED_RANGES) + "]"
_RARE = re.compile("[" + "".join(f"{chr(low)}-{chr(high)}" for low, high in _RESERVED_RANGES) + "]")

_PLAIN_BYTE = np.ones(256, dtype=bool)
_PLAIN_BYTE[: 0x20 + 1] = False
_PLAIN_BYTE[[0x25, 0x3A, 0x7F, 0xC2, 0xE1, 0xE2, 0xE3]] = False

_BLANK_LEADS = np.zeros(256, dtype=bool)
_BLANK_LEADS[: 0x20 + 1] = True
_BLANK_LEADS[[0x7F, 0xC2, 0xE1, 0xE2, 0xE3]] = True


@dataclass(frozen=True, slots=True)
class TextBytes:
    """A text column as bytes: value ``i`` is ``data[offsets[i]:offsets[i + 1]]``; nulls cover anything."""

    data: BytesArray
    offsets: NDArray[np.int32]

    @property
    def starts(self) -> NDArray[np.int32]:
        """Where each value begins."""
        return self.offsets[:-1]

    @property
    def ends(self) -> NDArray[np.int32]:
        """Where each value ends."""
        return self.offsets[1:]

    @property
    def lengths(self) -> NDArray[np.int32]:
        """Bytes of each value."""
        return np.diff(self.offsets)

    @property
    def used(self) -> BytesArray:
        """The bytes between the first value and the last."""
        return self.data[self.offsets[0] : self.offsets[-1]]

    @property
    def is_plain(self) -> bool:
        """Whether all bytes are visible ASCII: no blanks, no controls, nothing to be composed."""
        used = self.used
        return len(used) == 0 or (int(used.min()) > 0x20 and int(used.max()) < 0x7F)

    def fixed_width(self, rows: IntArray, width: int) -> BytesArray:
        """The bytes of values that all have ``width`` bytes, shape (len(rows), width)."""
        starts = self.starts[rows]
        if len(rows) and starts[-1] - starts[0] == width * (len(rows) - 1) and len(rows) == len(self.starts):
            return self.data[starts[0] : starts[0] + width * len(rows)].reshape(len(rows), width)
        return self.data[starts[:, None] + np.arange(width, dtype=np.int32)]


def text_bytes(values: pa.Array) -> TextBytes:
    """The bytes of a text column (type string)."""
    _, offset_buffer, data_buffer = values.buffers()
    if offset_buffer is None or len(values) == 0:
        return TextBytes(np.zeros(0, dtype=np.uint8), np.zeros(len(values) + 1, dtype=np.int32))
    offsets = np.frombuffer(offset_buffer, dtype=np.int32, count=values.offset + len(values) + 1)
    data = np.frombuffer(data_buffer, dtype=np.uint8) if data_buffer is not None else np.zeros(0, np.uint8)
    return TextBytes(data, offsets[values.offset :])


def is_known(values: pa.Array) -> BoolArray:
    """Which values are not null, bool, shape (n,)."""
    if values.null_count == 0:
        return np.ones(len(values), dtype=bool)
    return np.asarray(pc.is_valid(values))


def as_mask(flags: BoolArray) -> pa.Array:
    """A boolean Arrow array of the same flags."""
    return pa.array(flags)


def blanked(values: pa.Array, flags: BoolArray) -> pa.Array:
    """The values with null where ``flags`` is set."""
    if not flags.any():
        return values
    return pc.if_else(as_mask(flags), pa.scalar(None, values.type), values)


def trimmed(values: pa.Array) -> pa.Array:
    """Texts without blanks at their ends (Unicode blanks too); empty becomes null."""
    if values.null_count == len(values):
        return values
    seen = text_bytes(values)
    if not seen.is_plain and _may_have_outer_blanks(seen):
        values = pc.utf8_trim_whitespace(values)
        seen = text_bytes(values)
    empty = seen.offsets[1:] == seen.offsets[:-1]
    return blanked(values, empty & is_known(values)) if empty.any() else values


def _may_have_outer_blanks(seen: TextBytes) -> bool:
    filled = np.flatnonzero(seen.lengths)
    starts, ends = seen.starts[filled], seen.ends[filled]
    last = seen.data[ends - 1]
    if _BLANK_LEADS[seen.data[starts]].any() or _BLANK_LEADS[last].any():
        return True
    if len(last) == 0 or last.max() < 0x80:
        return False
    third = seen.data[np.maximum(ends - 3, starts)]
    second = seen.data[np.maximum(ends - 2, starts)]
    return bool(((_BLANK_LEADS[third] | _BLANK_LEADS[second]) & (last >= 0x80)).any())


def composed(values: pa.Array) -> pa.Array:
    """Texts in Unicode normal form C."""
    used = text_bytes(values).used
    if len(used) == 0 or used.max() < 0x80:
        return values
    # Neighbours are looked at as one text, which can only be wrong in the direction of doing too much.
    if unicodedata.is_normalized("NFC", used.tobytes().decode("utf-8", "replace")):
        return values
    return pc.utf8_normalize(values, form="NFC")


def contains(values: pa.Array, character: str) -> BoolArray:
    """Which values contain the character, bool, shape (n,); null does not."""
    needle = character.encode()
    if needle not in text_bytes(values).used.tobytes():
        return np.zeros(len(values), dtype=bool)
    return np.asarray(pc.fill_null(pc.match_substring(values, character), fill_value=False))


def matches(values: pa.Array, pattern: str) -> BoolArray:
    """Which values match the regular expression (RE2), bool, shape (n,); null does not."""
    return np.asarray(pc.fill_null(pc.match_substring_regex(values, pattern), fill_value=False))


def key_part(values: pa.Array, *, last: bool) -> pa.Array:
    """Key columns as they stand in canonical ids: :func:`suyuan.graph.ids.escape_key` of a whole column."""
    values = composed(values)
    used = text_bytes(values).used
    if len(used) == 0 or _PLAIN_BYTE[used].all():
        return values
    for character, escape in (("%", "%25"), (" ", "%20"), *(() if last else ((":", "%3A"),))):
        if character.encode() in used.tobytes():
            values = pc.replace_substring(values, character, escape)
    rare = matches(values, _RESERVED)
    return replaced(values, rare, _escape_rare)


def _escape_rare(text: str) -> str:
    return _RARE.sub(lambda match: escape_key(match.group(), last=True), text)


def replaced(values: pa.Array, chosen: BoolArray, change: Callable[[str], str | None]) -> pa.Array:
    """The values with ``change`` applied to each different one among those chosen."""
    if not chosen.any():
        return values
    some = pc.filter(values, as_mask(chosen)).dictionary_encode()
    changed = pa.array([change(text) for text in some.dictionary.to_pylist()], pa.string())
    return pc.replace_with_mask(values, as_mask(chosen), pc.take(changed, some.indices))


def map_unusual(
    values: pa.Array, chosen: BoolArray, change: Callable[[str], tuple[str, bool]]
) -> tuple[pa.Array, BoolArray]:
    """Normal forms of the chosen values, each different one looked at once.

    Parameters
    ----------
    change : function of a text that gives its normal form and whether it is right.

    Returns
    -------
    pa.Array, bool array of shape (n,)
        The values with the normal forms in place, and which of the chosen ones are wrong.
    """
    wrong = np.zeros(len(values), dtype=bool)
    if not chosen.any():
        return values, wrong
    some = pc.filter(values, as_mask(chosen)).dictionary_encode()
    answers = [change(text) for text in some.dictionary.to_pylist()]
    changed = pa.array([text for text, _ in answers], pa.string())
    indices = np.asarray(some.indices)
    wrong[chosen] = ~np.array([right for _, right in answers], dtype=bool)[indices]
    return pc.replace_with_mask(values, as_mask(chosen), pc.take(changed, some.indices)), wrong
