"""`python -m benchmarks.answers 1000`: damage a thousand true answers of a server at random.

Nothing but a StorageError of one printable line may come of it.
"""

import json
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sim import Database, StorageError, load_scenario, open_database, run
from sim.storage import list_runs, push_all, save_run
from tests.helpers.answers import passed_on, says
from tests.helpers.server import Answer, Server, port_that

SCENARIO = "scenario: 1\nname: NAME\nbots: {initial: 1}\ntimeline:\n  - {at: 0s, order: VIP}\n"
STRANGE = (
    *(None, True, -1, 5, 2**70, 0.5, "", "x", "9" * 30, "\x1b[2J", [], {}, [[None]]),
    *({"type": "null"}, {"type": "text", "value": "x"}, {"type": "integer", "value": "-7"}),
)


def damaged(answer: Any, chance: random.Random) -> Any:
    """Return an answer with damage at a random place: something is missing, is there twice, or is something else."""
    places = list(places_in(answer))
    inside, place = chance.choice(places)
    match chance.randrange(6):
        case 0 if isinstance(inside, list):
            inside.append(inside[-1])
        case 1:
            inside.clear()
        case _:
            inside[place] = chance.choice(STRANGE)
    return answer


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each list or object within an answer with each index or key of it."""
    if isinstance(value, list | dict):
        for place in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, place
            yield from places_in(value[place])


def damage(times: int, folder: Path, server: Server) -> Counter[str]:
    """Let one of a server's true answers in each conversation arrive damaged, and return what that came to.

    Nothing but a StorageError may come of it, of one printable line.
    """
    ends: Counter[str] = Counter()
    (folder / "small.yaml").write_text(SCENARIO)
    done = run(load_scenario(folder / "small.yaml"))
    with open_database(server.url) as target, open_database(f"file:{folder / 'source.db'}") as source:
        for database in (target, source):
            save_run(database, done)
        for seed in range(times):
            with port_that(damaging(server, random.Random(seed))) as port:
                url = f"http://127.0.0.1:{port}"
                try:
                    with open_database(url) as database:
                        exercise(database, source)
                    ends["not noticed"] += 1
                except StorageError as error:
                    [_, message] = str(error).split(f"database {url}: ")
                    assert message.isprintable(), (seed, message)
                    assert len(message) < 700, (seed, message)
                    ends[re.sub(r"[0-9a-f]{4,}[-0-9a-f]*", "ID", message)[:90]] += 1
                except Exception as error:
                    error.add_note(f"damage {seed}")
                    raise
            assert len(list_runs(source)) == 1
    return ends


def damaging(server: Server, chance: random.Random) -> Answer:
    """Pass a server's answers on, one of them damaged."""
    left = chance.randrange(12)

    def answer(head: bytes, body: bytes) -> list[bytes]:
        nonlocal left
        true = passed_on(server, head, body)
        left -= 1
        return [says(json.dumps(damaged(true, chance) if left == 0 else true))]

    return answer


def exercise(database: Database, source: Database) -> None:
    """Read and write all kinds of rows."""
    stored_runs = list_runs(database)
    for stored in stored_runs:
        database.run(stored.id)
    database.metrics()
    push_all(source, database)


# By hand


def main(times: int) -> None:
    """Damage many answers, and print what that came to."""
    with tempfile.TemporaryDirectory() as name, Server(Path(name) / "server") as server:
        for end, count in damage(times, Path(name), server).most_common():
            print(f"{count:6} {end}")


if __name__ == "__main__":
    main(int(sys.argv[1]))
