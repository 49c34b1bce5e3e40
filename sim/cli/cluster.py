"""Other people's machines: a dask cluster as workers."""

from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager
from typing import Any, cast

import typer

from sim.errors import SimulationError

_SECONDS = 10
_RETRIES = 3


@contextmanager
def cluster(address: str | None) -> Iterator[Executor | None]:
    """Give the workers of the cluster whose scheduler has this address, None without one.

    Raises:
        SimulationError: there is no such cluster, or it is lost while it works.

    """
    if address is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError:
        raise typer.BadParameter("needs dask; pip install 'ordersim[distributed]'", param_hint="--dask") from None
    try:
        client: Any = cast(Any, Client)(address, timeout=_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise SimulationError(
            f"cluster {address}: cannot be reached ({reason}); dask scheduler prints the address of one"
        ) from None
    try:
        yield client.get_executor(retries=_RETRIES)
    except Exception as error:
        if isinstance(error, CancelledError) or type(error).__module__.startswith("distributed"):
            raise SimulationError(f"cluster {address}: is lost ({type(error).__name__})") from None
        raise
    finally:
        client.close(timeout=_SECONDS)
