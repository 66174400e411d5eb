"""Text columns made of numbers and times by Arrow, whose functions carry no types of their own."""

import pyarrow as pa
import pyarrow.compute as pc


def joined(*parts: pa.Array | str) -> pa.Array:
    """The parts one after another; unknown where one of them is."""
    options = pc.JoinOptions()
    arguments = [pa.scalar(part) if isinstance(part, str) else part for part in parts]
    return pc.call_function("binary_join_element_wise", [*arguments, pa.scalar("")], options)


def padded(numbers: pa.Array, width: int) -> pa.Array:
    """Numbers as text with zeros in front."""
    return pc.call_function("utf8_lpad", [numbers.cast(pa.string())], pc.PadOptions(width, "0"))


def formatted(times: pa.Array, form: str) -> pa.Array:
    """Times as text."""
    return pc.call_function("strftime", [times], pc.StrftimeOptions(form))


def shortened(times: pa.Array, length: int) -> pa.Array:
    """The first letters of each text."""
    return pc.call_function("utf8_slice_codeunits", [times], pc.SliceOptions(0, length))


def chosen(condition: pa.Array, yes: pa.Array, no: pa.Array) -> pa.Array:
    """`yes` where the condition holds, else `no`."""
    return pc.call_function("if_else", [condition, yes, no])
