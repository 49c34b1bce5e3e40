"""Other people's machines: the workers of a dask cluster."""

import logging
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager
from typing import Any, cast

from sim.errors import INSTALL, SimulationError

_SECONDS = 10
_LOGGERS = ("distributed", "tornado", "asyncio")
_SILENT = logging.CRITICAL + 1


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """Give the workers of the dask cluster whose scheduler has this address, such as tcp://127.0.0.1:8786.

    Raises:
        SimulationError: dask is not installed, there is no such cluster, or it is lost while it works.

    """
    try:
        import distributed  # noqa: F401  # whose loggers are there from here on
    except ImportError:
        raise SimulationError(f"cluster {address}: needs dask; {INSTALL.format('[distributed]')}") from None
    with _without_logs():
        client = _client(address)
        try:
            _check_workers(client, address)
            yield _Workers(client)
        except Exception as error:
            if isinstance(error, CancelledError) or type(error).__module__.startswith("distributed"):
                raise SimulationError(f"cluster {address}: is lost ({type(error).__name__})") from None
            raise
        finally:
            client.close(timeout=_SECONDS)


@contextmanager
def _without_logs() -> Iterator[None]:
    """Let dask log nothing meanwhile: it tells in many lines of what is lost, and one of ours is enough."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in _LOGGERS]
    levels = {logging.getLogger(name): logging.getLogger(name).level for name in names}
    for logger in levels:
        logger.setLevel(_SILENT)
    try:
        yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)


def _client(address: str) -> Any:
    import asyncio  # every experiment asks this module, and few of them dask

    from distributed import Client

    try:
        asyncio.run(asyncio.wait_for(_greet(address), _SECONDS))
        return cast(Any, Client)(address, timeout=_SECONDS, set_as_default=False)
    except Exception as error:  # noqa: BLE001 - dask may fail in any way over what another server answers
        reason = "the answer is not that of a dask scheduler"
        if isinstance(error, (OSError, TypeError, ValueError)):
            reason = str(error).strip().split("\n")[0] or f"nobody answers in {_SECONDS} s"
        raise SimulationError(
            f"cluster {address}: cannot be reached ({reason}); dask scheduler prints the address of one"
        ) from None


async def _greet(address: str) -> None:
    """Ask who is there, since a client that nobody answers waits for ever, and one that fails does so for 20 s."""
    from distributed.core import rpc

    async with cast(Any, rpc)(address) as remote:
        identity = await remote.identity()
    if identity["type"] != "Scheduler":
        raise ValueError(f"there is a {identity['type'].lower()}")


def _check_workers(client: Any, address: str) -> None:
    """Ask for workers that know kitchensim, since work waits for ever where there are none."""
    try:
        answers = client.run(_is_here)
    except Exception as error:  # noqa: BLE001 - dask raises a plain one
        raise SimulationError(f"cluster {address}: a worker lacks kitchensim ({error}); install it there") from None
    if not answers:
        raise SimulationError(f"cluster {address}: has no workers; start one with dask worker {address}")


def _is_here() -> bool:
    return True


class _Workers(Executor):
    """The workers of a cluster; dask's own Executor loses results, or waits for ever, when one of them is lost."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def submit(self, work: Any, /, *args: Any, **options: Any) -> Any:
        """Return a future of dask, which has `result` and `cancel` too."""
        return self._client.submit(work, *args, **options, pure=False)
