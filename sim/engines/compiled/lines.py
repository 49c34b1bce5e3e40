"""A line of PENDING orders in two plain arrays, keys and items, in order of keys, whose ends the caller keeps.

Nearly all orders join at the end and leave at the front, which costs no comparison that a processor could guess wrong,
as a heap does. Orders that lost their place stay in line, and bots pass them by.
"""

from sim.engines.compiled.jit import Array, jit


@jit
def insert(keys: Array, items: Array, first: int, last: int, key: int, item: int) -> tuple[int, int]:
    """Add a pair to the line from `first` to before `last`, and return where it begins and ends then.

    There is room before the first one unless nobody has left, so a line takes no more room than all orders do.
    """
    if first:  # one that returns is mostly older than all others: the few before it move
        first -= 1
        hole = first
        while hole + 1 < last and keys[hole + 1] < key:
            keys[hole], items[hole] = keys[hole + 1], items[hole + 1]
            hole += 1
    else:
        hole = last
        while hole > 0 and key < keys[hole - 1]:
            keys[hole], items[hole] = keys[hole - 1], items[hole - 1]
            hole -= 1
        last += 1
    keys[hole], items[hole] = key, item
    return first, last
