"""What was probably meant: hints at known words, and at the blank that a colon needs."""

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from itertools import islice

from sim.units import shown

_MOST_HINTS = 10
_MOST_COMPARED = 1_000
_MOST_LISTED = 30
_LONGEST_WORD = 60
_hints_given: ContextVar[Counter[tuple[str, int]]] = ContextVar("hints_given")


@contextmanager
def few_hints() -> Iterator[None]:
    """Give at most ten hints for each collection of known words inside this context, since each takes its time."""
    token = _hints_given.set(Counter())
    try:
        yield
    finally:
        _hints_given.reset(token)


def closest(word: object, known: Collection[str]) -> str | None:
    """Return the known word that is most like another one; None where none is like it, or enough hints were given."""
    if not known:
        return None
    kind = (next(iter(known)), len(known))
    given = _hints_given.get(Counter())
    given[kind] += 1
    if not isinstance(word, str) or len(word) > _LONGEST_WORD or given[kind] > _MOST_HINTS:
        return None
    by_lower = {name.lower(): name for name in islice(known, _MOST_COMPARED)}
    close = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.65)
    return by_lower[close[0]] if close else None


def did_you_mean(word: object, known: Collection[str]) -> str:
    """Return `; did you mean 'x'?`, or a list of what there is when nothing is close."""
    if close := closest(word, known):
        return f"; did you mean {close!r}?"
    return listed(known)


def listed(known: Collection[str]) -> str:
    """Return `; write one of …` with the first of the known words."""
    names = [name[:_LONGEST_WORD] for name in islice(known, _MOST_LISTED)]
    ellipsis = ", …" if len(known) > _MOST_LISTED else ""
    return f"; write one of {', '.join(names)}{ellipsis}" if len(known) > 1 else f"; write {names[0]}"


def one_of(word: object, known: Collection[str]) -> str:
    """Return `word` if it is one of `known`.

    Raises:
        ValueError: it is not.

    """
    if not isinstance(word, str) or word not in known:
        raise ValueError(f"{shown(word)} is not known{did_you_mean(word, known)}")
    return word


def key_without_blank(text: object, known: Collection[str]) -> str | None:
    """Return the known key that a text such as `service:10s` begins with; YAML wants a blank behind the colon."""
    key, colon, _ = text.partition(":") if isinstance(text, str) else ("", "", "")
    return key if colon and key in known else None
