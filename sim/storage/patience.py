"""Patience with other writers, the same for files and servers."""

from collections.abc import Awaitable, Callable
from random import random
from time import monotonic
from typing import TypeVar

T = TypeVar("T")

BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED", "TRANSACTION_TIMEOUT", "TRANSACTION_BUSY")
"""How the codes begin of errors that mean: somebody else is writing."""
_PATIENCE = 30.0  # seconds to wait for other writers


async def patiently(attempt: Callable[[], Awaitable[T]]) -> T:
    """Repeat what fails only because somebody else is writing; a busy statement or batch has had no effect.

    Raises:
        LibsqlError: it fails for another reason, or the other one is still writing after half a minute.

    """
    import asyncio

    from libsql_client.client import LibsqlError

    deadline = monotonic() + _PATIENCE
    while True:
        try:
            return await attempt()
        except LibsqlError as error:
            if not error.code.startswith(BUSY) or monotonic() > deadline:
                raise
        await asyncio.sleep(0.02 + 0.1 * random())  # noqa: S311  # no secret, only unlike other writers
