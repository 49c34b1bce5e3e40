"""A line at the foot of a terminal in which a person types while other lines come in above it."""

import os
import re
import select
import sys
from codecs import getincrementaldecoder
from importlib.util import find_spec
from shutil import get_terminal_size
from typing import Self

_HIDE = "\r\x1b[2K"
_ENTER, _ERASE, _CLEAR, _END = "\r\n", "\x7f\b", "\x15", "\x04"
_OTHER_KEYS = re.compile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|O.|.)?")  # arrows and others that write nothing


def can_prompt() -> bool:
    """Whether a person types at a terminal that can be read key by key, as that of Windows cannot."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)) and bool(
        find_spec("termios")
    )


class Prompt:
    """Reads keys as they come, and shows what was typed; Enter makes a line of it, Ctrl-D says `quit`."""

    def __init__(self) -> None:
        self._keyboard = sys.stdin.fileno()
        self._decoder = getincrementaldecoder("utf-8")(errors="ignore")
        self._keys: list[str] = []
        self._typed = ""
        self._shown = ""

    def __enter__(self) -> Self:
        import termios
        import tty

        self._mode = termios.tcgetattr(self._keyboard)
        tty.setcbreak(self._keyboard, termios.TCSADRAIN)  # nothing that was typed before is lost; Ctrl-C interrupts
        return self

    def __exit__(self, *_: object) -> None:
        import termios

        self.hide()
        termios.tcsetattr(self._keyboard, termios.TCSADRAIN, self._mode)

    def show(self, state: str) -> None:
        """Show a text, and behind it what was typed, as far as there is room."""
        room = get_terminal_size().columns - 1
        line = f"{state}{self._typed}"[-room:] if len(self._typed) > room // 2 else f"{state}{self._typed}"[:room]
        if line != self._shown:
            self._write(f"{_HIDE}{line}")
            self._shown = line

    def hide(self) -> None:
        """Make way for other lines."""
        if self._shown:
            self._write(_HIDE)
            self._shown = ""

    def line(self, seconds: float) -> str | None:
        """Return the next line that is typed, None where none is finished after so many seconds."""
        if not self._keys and select.select([self._keyboard], [], [], seconds)[0]:
            read = os.read(self._keyboard, 1024)
            self._keys = list(_OTHER_KEYS.sub("", self._decoder.decode(read))) if read else [_END]
        while self._keys:
            key = self._keys.pop(0)
            if key in _ENTER:
                line, self._typed = self._typed, ""
                return line
            if key == _END and not self._typed:
                return "quit"
            if key in _ERASE:
                self._typed = self._typed[:-1]
            elif key == _CLEAR:
                self._typed = ""
            elif key.isprintable():
                self._typed += key
        return None

    @staticmethod
    def _write(text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
