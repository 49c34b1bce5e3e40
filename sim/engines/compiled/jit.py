"""numba where it is installed, and the same source as plain Python where it is not."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

if Path(".numba_config.yaml").exists():
    # numba would take settings from there, and load code from the folder that they name; the environment goes before
    for setting in ("NUMBA_CACHE_DIR", "NUMBA_CACHE_LOCATOR_CLASSES"):
        os.environ.setdefault(setting, "")

try:
    import numba
except ImportError:
    numba = None  # type: ignore[assignment]

Array = Any
"""A numpy array; numba finds out of what."""


def jit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function when it is first called, and keep what was compiled if a folder for it can be written."""
    if numba is None:
        return function
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        compiled: Callable[..., Any] = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # numba found no such folder
        compiled = numba.njit(**options)(function)
    return compiled


def kept_mark() -> Path | None:
    """Return the file that says that all is compiled and kept, None where nothing can be kept."""
    folder = getattr(getattr(_nothing, "stats", None), "cache_path", None)
    if folder is None:
        return None
    from llvmlite.binding import get_host_cpu_name

    cpu = get_host_cpu_name()  # type: ignore[no-untyped-call]
    made_by = (sys.implementation.cache_tag, numba.__version__, cpu, _changed())
    return Path(folder) / f"compiled-{'-'.join(map(str, made_by))}.mark"


def _changed() -> int:
    """Return when this package changed last."""
    return max(file.stat().st_mtime_ns for file in Path(__file__).parent.glob("*.py"))


@jit
def _nothing() -> None:
    """Do nothing: numba keeps it where it keeps the rest of this package."""
