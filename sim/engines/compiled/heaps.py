"""Binary heaps in two plain arrays, keys and items, whose size the caller keeps.

Nothing is ever taken out of the middle: the caller leaves there what has lost its meaning, and passes it by when it
comes to the head, which costs less than to look for it (lazy deletion).
"""

from sim.engines.compiled.jit import Array, jit, natural


@jit
def push(keys: Array, items: Array, size: int, key: int, item: int) -> int:
    """Add a pair to a heap of `size` pairs, least key and then least item first, and return its new size."""
    hole = natural(size)
    while hole > 0:
        parent = natural((hole - 1) >> 1)
        if keys[parent] < key or (keys[parent] == key and items[parent] < item):
            break
        keys[hole], items[hole] = keys[parent], items[parent]
        hole = parent
    keys[hole], items[hole] = key, item
    return size + 1


@jit
def pop(keys: Array, items: Array, size: int) -> int:
    """Take the first pair out of a heap of `size` pairs, which are one less then, and return its item."""
    first: int = items[0]
    last = natural(size - 1)
    key, item = keys[last], items[last]
    hole, child = 0, 1
    while child < last:
        right = child + 1
        if right < last and (keys[right] < keys[child] or (keys[right] == keys[child] and items[right] < items[child])):
            child = right
        if key < keys[child] or (key == keys[child] and item < items[child]):
            break
        keys[hole], items[hole] = keys[child], items[child]
        hole, child = child, natural(2 * child + 1)
    keys[hole], items[hole] = key, item
    return first
