"""How a live kitchen is played: on a terminal, where its clock runs, or from a pipe, where `wait` moves it."""

import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from sim.errors import ArgumentError, KitchensimError
from sim.live.clock import RunningClock
from sim.live.prompt import Prompt, can_prompt
from sim.live.session import Session
from sim.live.words import Words
from sim.output.terminal import columns, complain, say
from sim.output.text import summary_lines
from sim.units import count

_TICK = 0.1  # seconds between two looks at the clock


def play(session: Session) -> int:
    """Play a session on the standard streams until its end, tell its summary, and return how many lines of a pipe were
    wrong.

    What was done on a terminal and not saved is kept at its end, and so is all where a signal ends it.

    Raises:
        KeyboardInterrupt: such a signal came; its argument says where the session is.

    """
    is_live = can_prompt()
    words = Words(session, RunningClock() if is_live else None)
    wrong = 0
    try:
        if is_live:
            _play_live(words)
        else:
            wrong = _play_lines(words, sys.stdin)
        say(*session.finish(), "", *summary_lines(session.run, columns()))
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_keep(words)) from None
    if is_live and words.unsaved:
        say(f"Unsaved, so {_keep(words)}")
    return wrong


def _keep(words: Words) -> str:
    """Write what was done and not saved to `out/NAME/session.yaml`, or beside its data files where the scenario names
    some; and return where it is. Where that cannot be written, it is printed.
    """
    session = words.session
    if not words.unsaved:
        return "nothing was done that is not saved"
    name = session.scenario.name
    path = (
        session.scenario.folder / f"{name}-session.yaml"
        if session.scenario.files
        else Path("out", name, "session.yaml")
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        session.save(path)
    except (OSError, ArgumentError) as error:
        reason = error.problem if isinstance(error, ArgumentError) else error.strerror
        complain(*session.lines(name).text.splitlines(), f"# {path} cannot be written ({reason})")
        return "the session stands above"
    return f"the session is kept in {path}"


def _play_lines(words: Words, lines: TextIO | None) -> int:
    """Obey lines until there are no more; what is wrong is told with the number of its line."""
    wrong = 0
    if isinstance(lines, TextIOWrapper):
        lines.reconfigure(errors="backslashreplace")  # bytes that are no text are wrong words, too
    say(*words.session.news())
    for number, line in enumerate(lines or (), 1):
        wrong += not _obeyed(words, line, f"input:{number}:1: ")
        if words.has_quit:
            break
    return wrong


def _play_live(words: Words) -> None:
    """Obey what is typed while the clock runs."""
    assert words.clock is not None
    session, has_ended = words.session, False
    with Prompt() as prompt:
        lines = ["The clock runs; help shows the words.", *session.news()]
        while not words.has_quit:
            if lines:
                prompt.hide()
                say(*lines)
            prompt.show(_state(words))
            typed = prompt.line(_TICK)
            session.wait(words.clock.passed())
            lines = session.news()
            if session.now == session.scenario.end and not has_ended:
                has_ended = True
                lines.append("The run ends here; save it, or quit.")
            if typed:
                prompt.hide()
                say(*lines)
                lines = []
                _obeyed(words, typed)


def _obeyed(words: Words, line: str, place: str = "") -> bool:
    """Obey a line, and tell what comes of it; whether it was right."""
    try:
        say(*words.obey(line))
    except KitchensimError as error:
        complain(*(f"{place}{text}" for text in error.lines))
        return False
    return True


def _state(words: Words) -> str:
    """Return what the clock reads and how many orders and bots there are, in front of what is typed."""
    session, clock = words.session, words.clock
    assert clock is not None
    pending, processing, bots = session.levels
    speed = "paused" if clock.is_paused else f"{clock.speed:g}x"
    orders = f"PENDING {pending}  PROCESSING {processing} of {count(bots, 'bot')}"
    return f"{session.scenario.clock.reading(session.now)}  {speed}  {orders} > "
