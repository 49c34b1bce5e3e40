"""The files that a scenario may be, or may name: regular ones in its own folder."""

from pathlib import Path
from stat import S_ISDIR, S_ISREG

from sim.units import shown

LARGEST_FILE = 2**20


class MissingFileError(ValueError):
    """There is no such file."""


def fault_of(name: str, error: ValueError) -> str:
    """Return what is wrong with a file that a scenario names."""
    return f"{shown(name)}: {error}" if isinstance(error, MissingFileError) else f"{shown(name)} {error}"


def read_bytes(path: Path, largest: int | None = None) -> bytes:
    """Return what is in a regular file of at most `largest` bytes.

    Raises:
        ValueError: there is no such file, or it is none of that.

    """
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):
            fault = "is a folder; name a file" if S_ISDIR(status.st_mode) else "is not a regular file; name one on disk"
        elif largest is not None and status.st_size > largest:
            fault = f"has {status.st_size} bytes; a scenario has at most {largest}, larger demand comes as a trace"
        else:
            return path.read_bytes()
    except FileNotFoundError:
        raise MissingFileError("no such file; name one that exists") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        fault = f"cannot be read ({reason}); name a file that exists and is readable"
    raise ValueError(fault)


def inside(folder: Path, name: str) -> Path:
    """Return the path of file `name` in `folder`.

    Raises:
        ValueError: the name is absolute or leads out of the folder, also by a symbolic link.

    """
    home = folder.resolve()
    try:
        path = (home / name).resolve()
    except (OSError, ValueError, RuntimeError):
        raise ValueError("is not a file name; name a file beside the scenario") from None
    if Path(name).is_absolute() or not path.is_relative_to(home):
        raise ValueError("leaves the scenario's folder; put the file beside the scenario")
    return path
