"""How files are written: whole or not at all, and those of a folder together."""

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from errno import EISDIR
from pathlib import Path
from secrets import token_hex
from typing import TextIO

from sim.errors import ArgumentError, KitchensimError
from sim.units import printable

Write = Callable[[Path], object]
"""Writes a file to the path that it is given."""


def text_file(write: Callable[[TextIO], object]) -> Write:
    """Return what writes a file of UTF-8 text, by a function that is given the open file."""

    def write_file(path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            write(file)

    return write_file


def write_text(path: Path, text: str) -> None:
    """Write a file of text, which is whole or absent.

    Raises:
        OSError: the file cannot be written.

    """
    write_files({path: text_file(lambda file: file.write(text))})


def write_to(path: Path, write: Write, problems: list[str], option: str = "--out") -> bool:
    """Write to a folder or file, and tell whether that works; if not, it is one of the problems, and `option` names
    another place.
    """
    try:
        write(path)
    except OSError as error:
        where, reason = error.filename or path, error.strerror or error
        problems.append(f"{where}: cannot be written ({reason}); name another place with {option}")
        return False
    return True


def write_files(
    files: Mapping[Path, Write], old: Iterable[Path] = (), wrote: Callable[[Path], object] = lambda _: None
) -> None:
    """Write files under names that nobody else has, then remove `old` ones, then give the new ones their names.

    So each file is whole or absent, and those of a folder are of one run. One that cannot be written is absent, and so
    is what had its name before, unless nothing could be written. `wrote` is told each file that is there.

    Raises:
        OSError: a file cannot be written; the others are there.

    """
    drafts: dict[Path, Path] = {}
    removed = list(old)
    problems = []
    try:
        for path, write in files.items():
            try:
                if _is_device(path):
                    write(path)
                    continue
                drafts[path] = _draft(path)
                write(drafts[path])
            except OSError as error:
                error.filename = str(path)
                problems.append(error)
                if path in drafts:
                    drafts.pop(path).unlink()
                    removed.append(path)
        for path in removed if drafts else ():
            path.unlink(missing_ok=True)
        for path, draft in drafts.items():
            draft.replace(path)
            wrote(path)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
    if problems:
        raise problems[0]


def _is_device(path: Path) -> bool:
    """Whether a path stands for what is no file of a folder and cannot be replaced, such as /dev/stdout or a pipe."""
    try:
        mode = path.stat().st_mode
        folder = path.parent.resolve()
    except OSError:
        return False
    is_descriptor = folder in (Path("/dev"), Path("/dev/fd")) or folder.is_relative_to("/proc")
    return is_descriptor or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _draft(path: Path) -> Path:
    """Make a new file beside `path`, with the mode that it would have if `path` were opened.

    Raises:
        OSError: that is not possible, or `path` is a folder.

    """
    if path.is_dir():
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR), str(path))
    draft = path.with_name(f".{token_hex(8)}.partial")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    if path.is_file() and not path.is_symlink():
        draft.chmod(stat.S_IMODE(path.stat().st_mode))
    return draft


def refuse_sources(targets: Iterable[Path], sources: Iterable[Path], argument: str) -> None:
    """Refuse to write to a file that a scenario is read from, by whatever path; `argument` names the target.

    Raises:
        ArgumentError: a target is such a file.

    """
    known = [source for source in sources if os.path.exists(source)]  # noqa: PTH110  # False also where Path.exists raises
    for target in targets:
        if os.path.exists(target) and any(target.samefile(source) for source in known):  # noqa: PTH110
            problem = f"{printable(str(target))} is a file that a scenario is read from; name another place"
            raise ArgumentError(argument, problem)


def refuse_documents(targets: Mapping[str, Path | None], sources: Iterable[Path]) -> None:
    """Refuse to write documents where a scenario is read from or seems to be, and two to one place; each target is
    named by its argument.

    Raises:
        ArgumentError: a target is such a place.

    """
    known, paths = list(sources), dict[str, str]()
    for argument, target in targets.items():
        if target is None:
            continue
        if target.suffix in (".yaml", ".yml"):
            raise ArgumentError(argument, f"{printable(str(target))} looks like a scenario; name another file")
        refuse_sources([target], known, argument)
        path = os.path.abspath(target)  # noqa: PTH100  # follows no link
        if path in paths:
            raise ArgumentError(argument, f"names the file of --{paths[path]}; name another")
        paths[path] = argument


@contextmanager
def claimed(folder: Path, option: str) -> Iterator[None]:
    """Keep other commands from writing into a folder until this one ends, however it ends; `option` names another.

    Raises:
        KitchensimError: another command is at it.

    """
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    lock = _locked(folder, option)
    try:
        yield
    finally:
        if lock is not None:
            os.close(lock)
        for path in new:
            with suppress(OSError):  # it is not empty, or is gone
                path.rmdir()


def _locked(folder: Path, option: str) -> int | None:
    """Return what holds the lock of a folder; None where there is none, as on Windows, or where the folder cannot be
    made, as writing will tell.
    """
    if sys.platform == "win32":
        return None
    from fcntl import LOCK_EX, LOCK_NB, flock

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        flock(lock, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        problem = f"{folder}: another sim is at work for this folder; wait for its end, or name another with {option}"
        raise KitchensimError(problem) from None
    except OSError:  # as on some network disks
        os.close(lock)
        return None
    return lock
