"""Whole numbers from 0 on as few bytes: LEB128, 7 bits a byte."""

import numpy as np

from sim.statistics.intervals import Ints


def encoded(numbers: Ints) -> bytes:
    """Return numbers from 0 on as LEB128: 7 bits a byte, the lowest first; the highest bit says that more follow."""
    lengths = np.maximum(1, -(-np.frexp(numbers.astype(np.float64))[1] // 7))
    step = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    septets = (np.repeat(numbers, lengths) >> (7 * step)) & 127
    has_more = step < np.repeat(lengths, lengths) - 1
    return bytes((septets + 128 * has_more).astype(np.uint8))


def decoded(content: bytes) -> Ints:
    """Return the numbers that became these bytes.

    Raises:
        ValueError: the last number has no end.

    """
    septets = np.frombuffer(content, np.uint8)
    ends = np.flatnonzero(septets < 128)
    if not len(ends) or ends[-1] != len(septets) - 1:
        raise ValueError("these bytes are not counts")
    starts = np.concatenate([[0], ends[:-1] + 1])
    step = np.arange(len(septets)) - np.repeat(starts, ends - starts + 1)
    return np.add.reduceat((septets & 127).astype(np.int64) << (7 * step), starts)
