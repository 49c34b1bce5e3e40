"""numba where it is installed, and the same source as plain Python where it is not."""

import os
import sys
from collections.abc import Callable
from functools import cache
from inspect import isfunction
from itertools import chain
from pathlib import Path
from types import FunctionType
from typing import Any
from zlib import crc32

import numpy as np

if Path(".numba_config.yaml").exists():
    # numba would take settings from there, and load code from the folder that they name; the environment goes before
    for setting in ("NUMBA_CACHE_DIR", "NUMBA_CACHE_LOCATOR_CLASSES"):
        os.environ.setdefault(setting, "")

try:
    import numba
except ImportError:
    numba = None

Array = Any
"""A numpy array; numba finds out of what."""


def jit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function when it is first called, and keep what was compiled if a folder for it can be written."""
    if numba is None:
        return function
    # What is kept is found again by the function's name and is compiled anew when its own file changes; numbers and
    # functions of other files are compiled into it, so the name has to change with those.
    function.__qualname__ += f"-{_taken_over(function):08x}"
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        compiled: Callable[..., Any] = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # numba found no such folder
        compiled = numba.njit(**options)(function)
    return compiled


def compiled(function: Callable[..., Any], **replaced: Callable[..., Any]) -> Callable[..., Any]:
    """Return a plain function compiled, with the plain functions that it calls, some of which are `replaced` by name;
    the function itself without numba.
    """
    if numba is None:
        return function
    names = function.__code__.co_names
    called = {
        name: replaced.get(name) or compiled(value, **replaced)
        for name in names
        if isfunction(value := function.__globals__.get(name))
    }
    copy = FunctionType(function.__code__, function.__globals__ | called, function.__name__)
    copy.__qualname__ = function.__qualname__
    return jit(copy)


def _taken_over(function: Callable[..., Any]) -> int:
    """Return a checksum of the numbers, arrays and compiled functions that a function knows by their names."""
    checksum = 0
    for name in function.__code__.co_names:
        value: Any = function.__globals__.get(name)
        if isinstance(value, (int, float, tuple, np.ndarray)):
            checksum = crc32(f"{name} {value!r}".encode(), checksum)
        elif hasattr(value, "py_func"):
            checksum = crc32(value.py_func.__qualname__.encode() + value.py_func.__code__.co_code, checksum)
    return checksum


def _product(first: int, second: int) -> tuple[int, int]:
    """Return the upper and the lower 64 bits of a product of two numbers without sign."""
    wide_product = int(first) * int(second)
    return np.uint64(wide_product >> 64), np.uint64(wide_product & (2**64 - 1))  # type: ignore[return-value]


def _compiled_product(_: Any, _first: Any, _second: Any) -> tuple[Any, Callable[..., Any]]:
    """Return the types of `product` and what writes it as one instruction of 128 bits."""
    from llvmlite.ir import IntType
    from numba import types

    signature = types.UniTuple(types.uint64, 2)(types.uint64, types.uint64)

    def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide, half = IntType(128), IntType(64)
        wide_product = builder.mul(*(builder.zext(argument, wide) for argument in arguments))
        upper = builder.trunc(builder.lshr(wide_product, wide(64)), half)
        return context.make_tuple(builder, signature.return_type, (upper, builder.trunc(wide_product, half)))

    return signature, write


def _borrowed(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return arrays to which compiled code counts no references: each call with one of them, and each part of one,
    would cost two atomic additions. Somebody else has to keep them for as long as they are used.
    """
    return arguments


def _compiled_borrowed(_: Any, arguments: Any) -> tuple[Any, Callable[..., Any]]:
    """Return the types of `borrowed` and what writes it: the same arrays, without whose their memory is."""
    from numba import types

    def write(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        borrowed = values[0]
        for place, kind in enumerate(signature.return_type):
            if isinstance(kind, types.Array):
                array = context.make_array(kind)(context, builder, builder.extract_value(borrowed, place))
                array.meminfo = array.meminfo.type(None)
                array.parent = array.parent.type(None)
                borrowed = builder.insert_value(borrowed, array._getvalue(), place)  # noqa: SLF001
        return borrowed

    return arguments(arguments), write


def _natural(number: int) -> int:
    """Return a whole number that is not below 0. Of an index compiled code asks each time whether it counts from the
    end of an array; without that the engine's loop takes a quarter less time.
    """
    return number


def _compiled_natural(_: Any, number: Any) -> tuple[Any, Callable[..., Any]]:
    """Return the types of `natural` and what writes it: the same number, of which it says that it is not below 0."""
    from llvmlite import ir

    def write(_: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        said = ir.FunctionType(ir.VoidType(), [ir.IntType(1)])
        assume = builder.module.declare_intrinsic("llvm.assume", fnty=said)
        builder.call(assume, [builder.icmp_signed(">=", arguments[0], arguments[0].type(0))])
        return arguments[0]

    return number(number), write


def _intrinsic(plain: Callable[..., Any], written: Callable[..., Any]) -> Callable[..., Any]:
    """Return what compiled code takes from `written`; without numba, `plain`."""
    if numba is None:
        return plain
    from numba.extending import intrinsic

    compiled: Callable[..., Any] = intrinsic(written)
    return compiled


product, borrowed = _intrinsic(_product, _compiled_product), _intrinsic(_borrowed, _compiled_borrowed)
natural = _intrinsic(_natural, _compiled_natural)


def kept_mark() -> Path | None:
    """Return the file that says that all is compiled and kept, None where nothing can be kept."""
    folder = getattr(getattr(_nothing, "stats", None), "cache_path", None)
    if folder is None:
        return None
    from llvmlite.binding import get_host_cpu_name

    cpu = get_host_cpu_name()
    made_by = (sys.implementation.cache_tag, numba.__version__, cpu, _changed())
    return Path(folder) / f"compiled-{'-'.join(map(str, made_by))}.mark"


@cache
def _changed() -> int:
    """Return when a file changed last that has compiled code in it, or numbers that compiled code takes over: before
    this process looked, since what it has loaded stays as it is.
    """
    sim = Path(__file__).parents[2]
    files = chain(
        *(sim.glob(pattern) for pattern in ("*.py", "model/*.py", "engines/**/*.py", "metrics/*.py", "statistics/*.py"))
    )
    return max(file.stat().st_mtime_ns for file in files)


@jit
def _nothing() -> None:
    """Do nothing: numba keeps it where it keeps the rest of this package."""
