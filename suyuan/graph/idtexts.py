"""Canonical ids of whole columns at once: the same spelling as :mod:`suyuan.graph.ids`."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from suyuan.graph.ids import escape_key
from suyuan.graph.model import NODE_KINDS
from suyuan.graph.texts import plain

_MAY_NEED_ESCAPE = r"[%\x00-\x20\x7f]|[^\x00-\x7f]"
_URN = r"^(urn:|http:|https:)"


def canonical_ids(kind: str, columns: Sequence[pa.Array]) -> pa.Array:
    """Canonical ids from columns of key texts (no nulls).

    A lot without product whose key begins with ``urn:``, ``http:`` or ``https:`` is one URN: ``Lot:<urn>``.

    Examples
    --------
    >>> canonical_ids("Lot", [pa.array(["P:1", ""]), pa.array(["a b", "urn:x:1"])]).to_pylist()
    ['Lot:P%3A1:a%20b', 'Lot:urn:x:1']
    """
    last = len(columns) - 1
    parts = [escaped(column, last=i == last) for i, column in enumerate(columns)]
    ids = pc.binary_join_element_wise(pa.scalar(kind), *parts, ":")
    if kind == "Lot" and len(columns) == 2:
        urn = pc.and_(pc.equal(columns[0], ""), pc.match_substring_regex(columns[1], _URN))
        if pc.any(urn).as_py():
            ids = pc.if_else(urn, pc.binary_join_element_wise(pa.scalar(kind), parts[1], ":"), ids)
    return ids


def escaped(texts: pa.Array, *, last: bool) -> pa.Array:
    """Key columns as they stand in canonical ids; only texts that may need it are looked at one by one."""
    odd = pc.match_substring_regex(texts, _MAY_NEED_ESCAPE)
    if not last:
        odd = pc.or_(odd, pc.match_substring(texts, ":"))
    if not pc.any(odd).as_py():
        return texts
    mended = [escape_key(text, last=last) for text in pc.filter(texts, odd).to_pylist()]
    return pc.replace_with_mask(texts, odd, pa.array(mended, texts.type))


def rows_by_kind(ids: pa.Array) -> dict[str, np.ndarray]:
    """Row numbers of the ids of each known node kind; ids of no known kind and nulls are left out."""
    kinds = pc.dictionary_encode(pc.replace_substring_regex(plain(ids), r"(?s):.*$", ""))
    codes = np.asarray(pc.fill_null(kinds.indices, -1))
    names = kinds.dictionary.to_pylist()
    return {name: np.flatnonzero(codes == code) for code, name in enumerate(names) if name in NODE_KINDS}
