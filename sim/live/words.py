"""The words of a live kitchen: what a person types, or a program writes."""

from pathlib import Path
from typing import Any

from sim.errors import ArgumentError, KitchensimError
from sim.live.clock import RunningClock
from sim.live.session import Session
from sim.output.layout import aligned
from sim.output.terminal import columns
from sim.scenario import did_you_mean
from sim.units import shown

_ACTIONS: dict[str, dict[str, Any]] = {
    "normal": {"order": "NORMAL"},
    "vip": {"order": "VIP"},
    "+bot": {"add_bots": 1},
    "-bot": {"remove_bots": 1},
}
_HELP = {
    "normal": ("normal, n", "a NORMAL order comes"),
    "vip": ("vip, v", "a VIP order comes"),
    "+bot": ("+bot, +", "a bot more"),
    "-bot": ("-bot, -", "a bot less: the newest one"),
    "wait": ("wait 30s, w 30s", "time goes on by so much"),
    "save": ("save FILE, s FILE", "write a scenario that does all of this again; save FILE expect adds what happened"),
    "pause": ("pause, p", "stop the clock, or let it go on"),
    "speed": ("speed 10", "ten seconds a second"),
    "help": ("help, h", "these words"),
    "quit": ("quit, q", "let the run go on to its end, and leave"),
}
_SHORT = {"n": "normal", "v": "vip", "+": "+bot", "-": "-bot", "w": "wait", "s": "save", "p": "pause", "h": "help"}
_SHORT |= {"q": "quit", "?": "help", "exit": "quit"}
_OF_CLOCKS = ("pause", "speed")
_WITH_MORE = ("wait", "save", "speed")


class WrongWordError(KitchensimError):
    """A word that a live kitchen does not know, or cannot obey now."""


class Words:
    """Obeys words in a session. `clock` is what moves its time, None where nothing but the word `wait` does."""

    def __init__(self, session: Session, clock: RunningClock | None = None) -> None:
        self.session, self.clock = session, clock
        self.has_quit = False
        self.unsaved = 0  # things done since the session was saved last
        self.known = [word for word in _HELP if clock is not None or word not in _OF_CLOCKS]

    def obey(self, text: str) -> list[str]:
        """Do what a line says, and return the lines to be told; an empty line says nothing.

        Raises:
            KitchensimError: the line is wrong; nothing has changed.

        """
        first, _, argument = text.strip().partition(" ")
        if not first:
            return []
        word = _SHORT.get(first.lower(), first.lower())
        if word not in self.known:
            if word in _OF_CLOCKS:
                raise WrongWordError(f"{word} works only on a terminal; here wait moves the clock")
            raise WrongWordError(f"{shown(first)} is not known{did_you_mean(word, self.known)}")
        if argument.strip() and word not in _WITH_MORE:
            raise WrongWordError(f"{word} takes nothing more; write {word} alone, without {shown(argument.strip())}")
        if word in _ACTIONS:
            self.session.do(**_ACTIONS[word])
            self.unsaved += 1
            return self.session.news()
        return {
            "wait": self._wait,
            "save": self._save,
            "pause": self._pause,
            "speed": self._set_speed,
            "help": self._help,
            "quit": self._quit,
        }[word](argument.strip())

    def _wait(self, duration: str) -> list[str]:
        try:
            self.session.wait(duration)
        except ValueError as error:
            raise WrongWordError(f"wait: {error}") from None
        return self.session.news()

    def _save(self, target: str) -> list[str]:
        path = target.removesuffix(" expect").rstrip()
        if not path:
            raise WrongWordError("save: there is no file; write save FILE, such as save lunch.yaml")
        if not path.isprintable():
            raise WrongWordError(f"save: {shown(path)} is not a file name; write save FILE, such as save lunch.yaml")
        try:
            self.session.save(Path(path), expect=path != target)
        except OSError as error:
            problem = f"{path} cannot be written ({error.strerror or error})"
            raise WrongWordError(f"save: {problem}; name another place") from None
        except ArgumentError as error:
            raise WrongWordError(f"save: {error.problem}") from None
        self.unsaved = 0
        return [f"Saved: {path}, fingerprint {self.session.run.fingerprint}"]

    def _pause(self, _: str) -> list[str]:
        assert self.clock is not None
        self.clock.is_paused = not self.clock.is_paused
        return []

    def _set_speed(self, number: str) -> list[str]:
        assert self.clock is not None
        try:
            self.clock.set_speed(float(number))
        except ValueError:
            raise WrongWordError(f"speed: {shown(number)} is not a speed; write a number from 0.1 to 10000") from None
        return []

    def _help(self, _: str) -> list[str]:
        return list(aligned([_HELP[word] for word in self.known], columns()))

    def _quit(self, _: str) -> list[str]:
        self.has_quit = True
        return []
