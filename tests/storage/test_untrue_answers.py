"""Answers of another shape, damaged answers and lies: each is one clear line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.answers import damage
from sim import StorageError, load_scenario, open_database, run
from sim.storage import list_runs, push_all, save_run
from tests.helpers.answers import connected, executed, failed, integer, passed_on, result, says, text
from tests.helpers.campaigns import some
from tests.helpers.server import Answer, port_that

pytestmark = pytest.mark.usefixtures("elsewhere")
SCENARIO = "scenario: 1\nname: NAME\nbots: {initial: 1}\ntimeline:\n  - {at: 0s, order: VIP}\n"


@pytest.fixture
def stored(elsewhere: Path) -> Path:
    """A run in sim.db, and a scenario file beside it."""
    (elsewhere / "small.yaml").write_text(SCENARIO)
    with open_database("file:sim.db") as database:
        save_run(database, run(load_scenario("small.yaml")))
    return elsewhere / "sim.db"


# Answers of another shape

SHAPES = {
    "empty": "{}",
    "list": "[]",
    "number": "5",
    "null": "null",
    "string": '"x"',
    "no results": '{"results": []}',
    "null for results": '{"results": null}',
    "numbers for results": '{"results": [5, 5]}',
    "text for an error": '{"results": [{"type": "error", "error": "boom"}]}',
    "null for an error": '{"results": [{"type": "error", "error": null}]}',
    "numbers in an error": failed(5, 7),
    "a list for a code": failed("x", ["SQLITE_BUSY"]),
    "no rows": result([]),
    "null for rows": result(["a"]).replace('"rows": []', '"rows": null'),
    "null for a row": result(["a"]).replace('"rows": []', '"rows": [null]'),
    "text": result(["a"], [text("abc")]),
    "null for a value": result(["a"], [{"type": "null"}]),
    "4": result(["a"], [integer("4")]),
    "1": result(["a"], [integer("1")]),
    "5,000 digits": result(["a"], [integer("9" * 5000)]),
    "20 digits": result(["a"], [integer("9" * 20)]),
    "not a number": result(["a"], [{"type": "float", "value": "nan"}]),
    "infinity": result(["a"], [{"type": "float", "value": 0.5}]).replace("0.5", "1e999"),
    "a huge float": result(["a"], [{"type": "float", "value": 10**400}]),
    "bytes": result(["a"], [{"type": "blob", "base64": "AAAA"}]),
    "no bytes": result(["a"], [{"type": "blob", "base64": "é"}]),
    "a list for text": result(["a"], [{"type": "text", "value": ["abc"]}]),
    "two columns": result(["a", "b"], *[[integer("4"), integer("4")]] * 2),
    "two columns, but one value": result(["a", "b"], [integer("4")]),
    "many rows": result(["a"], *[[integer("4")]] * 50),
    "deep lists": "[" * 200_000,
    "deep objects": '{"results":' * 50_000,
    "no count": result([]).replace('"affected_row_count": 0', '"affected_row_count": null'),
    "another response": result(["a"], [integer("4")]).replace('"execute"', '"batch"'),
    "an odd base_url": '{"base_url": 5, "results": []}',
    "no base_url": '{"base_url": "http://[", "results": []}',
    "a number beyond all": "1e999",
    "10,000 digits": "9" * 10_000,
    "twice": '{"results": []}{"results": []}',
    "UTF-16": "\ufeff{}",
}


@pytest.mark.parametrize("command", ["db check", "db check --write", "push", "runs", "run"])
def test_json_of_any_other_shape_is_one_line_and_the_right_status(command, stored, here):
    before = stored.read_bytes()
    for shape, body in some([*SHAPES.items()], 15):
        args = command.split()
        if command == "run":
            args += ["small.yaml", "--no-charts"]
        with port_that(says(body)) as port:
            if args == ["db", "check"] and shape in {"no rows", "4", "1"}:
                continue  # what it asks first may well be answered so
            line = here(*args, "--db", f"http://127.0.0.1:{port}", status=4 if command in ("push", "run") else 2)
        told = (
            "does not answer as libSQL does; ",
            "gives an answer that does not fit the request; ",
            "answers with HTTP status 200 and no JSON; ",
            "boom",
        )
        assert any(words in line for words in told), (shape, line)
    assert command == "run" or stored.read_bytes() == before


def test_a_true_answer_with_damage_is_an_error_of_the_database_and_nothing_else(elsewhere, server):
    times = len(some(range(50), 15))
    ends = damage(times, elsewhere, server)
    assert sum(ends.values()) == times
    assert ends["not noticed"] < 0.8 * times


# Lies


def test_a_write_counts_only_if_the_server_says_so_of_each_step():
    def answer(lie: Callable[[list, list], object]) -> Answer:
        def of(_: bytes, body: bytes) -> list[bytes]:
            steps = json.loads(body)["requests"][0]["batch"]["steps"]
            carried_out = executed([])["response"]["result"]
            results, errors = [carried_out] * (len(steps) - 1) + [None], [None] * len(steps)
            lie(results, errors)
            response = {"type": "batch", "result": {"step_results": results, "step_errors": errors}}
            return [says(json.dumps({"results": [{"type": "ok", "response": response}]}))]

        return of

    def write(lie: Callable[[list, list], object]) -> int:
        with connected(answer(lie)) as connection:
            return connection.write(
                [("INSERT INTO users VALUES (?)", ("a",)), ("INSERT INTO users VALUES (?)", ("b",))]
            )

    assert write(lambda *_: None) == 0
    unsaid = "does not confirm that it has stored the data; "
    for step in range(4):  # BEGIN, two statements, COMMIT
        with pytest.raises(StorageError, match=unsaid):
            write(lambda results, _, step=step: results.__setitem__(step, None))
    with pytest.raises(StorageError, match=unsaid):
        write(lambda results, _: results.__setitem__(4, results[0]))  # ROLLBACK
    with pytest.raises(StorageError, match="of that step; "):
        write(lambda _, errors: errors.__setitem__(3, {"message": "of that step"}))
    for lie in (
        lambda results, _: results.pop(),
        lambda _, errors: errors.pop(),
        lambda *both: [x.pop() for x in both],
    ):
        with pytest.raises(StorageError, match="does not answer as libSQL does"):
            write(lie)


@pytest.mark.usefixtures("stored")
def test_a_run_that_the_server_rolls_back_in_silence_is_not_called_pushed(server, here):
    """The last batch of a run is rolled back, and said to be neither carried out nor refused."""

    def answer(head: bytes, body: bytes) -> list[bytes]:
        asked = json.loads(body)
        lies = [
            request
            for request in asked["requests"]
            if request["type"] == "batch" and "INSERT INTO runs" in json.dumps(request)
        ]
        for request in lies:
            request["batch"]["steps"][-2]["stmt"]["sql"] = "ROLLBACK"
        answered = passed_on(server, head, json.dumps(asked).encode())
        if lies:
            answered["results"][0]["response"]["result"]["step_results"][-2] = None
        return [says(json.dumps(answered))]

    with port_that(answer) as port:
        line = here("push", "--db", f"http://127.0.0.1:{port}", status=4)
    assert "does not confirm that it has stored the data; " in line
    with open_database("file:sim.db") as database:
        assert [one.pushed_at for one in list_runs(database)] == [None]
    with open_database("file:sim.db") as source, open_database(server.url) as target:
        assert push_all(source, target) == 1
