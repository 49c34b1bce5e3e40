"""A gate before a real server: all requests pass through it, and something happens at one of them."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.helpers.answers import passed_on, says
from tests.helpers.server import Server, port_that


class Gate:
    """What stands before a server; `requests` are the bodies of those that came."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.url = ""
        self.requests: list[bytes] = []
        self._chosen: Callable[[bytes], bool] = lambda _: False
        self._act: Callable[[], object] = lambda: None
        self._late = self._passes = False

    def at(self, request: int | bytes, act: Callable[[], object], late: bool = False, passes: bool = False) -> None:
        """Act at a request, the one of this number from 0 or the first that has this text.

        It gets no answer, and does not reach the server unless `late`; one that `passes` goes on afterwards as others.
        """
        self.requests.clear()
        self._act, self._late, self._passes = act, late, passes
        if isinstance(request, int):
            self._chosen = lambda _: len(self.requests) == request + 1
        else:
            self._chosen = lambda body: request in body

    def _answer(self, head: bytes, body: bytes) -> list[bytes]:
        self.requests.append(body)
        if self._chosen(body):
            self._chosen = lambda _: False
            if self._late:
                passed_on(self.server, head, body)
            self._act()
            if not self._passes:
                return []
        return [says(json.dumps(passed_on(self.server, head, body)))]


@contextmanager
def gate_before(server: Server) -> Iterator[Gate]:
    """Open a gate before a server."""
    gate = Gate(server)
    with port_that(gate._answer) as port:
        gate.url = f"http://127.0.0.1:{port}"
        yield gate
