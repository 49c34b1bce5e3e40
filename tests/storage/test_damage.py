"""A sample of the damages that `python -m benchmarks.damage` does to databases: no command ends in a traceback."""

import pytest

from benchmarks.damage import COMMANDS, NAMED, call, campaign, damage, damages, prepare


def test_a_damaged_database_is_a_line_or_a_result_whatever_was_done_to_it_and_whoever_reads_it(elsewhere, capsys):
    assert campaign(every=997) == 0
    assert "commands, 0 faults" in capsys.readouterr().out
    assert len([sql for sql in damages(elsewhere / "base.db") if sql in NAMED]) == len(NAMED) >= 44


def test_what_is_damaged_can_be_damaged(elsewhere):
    prepare()
    tables = {sql.split()[3] for sql in damages(elsewhere / "base.db") if sql.startswith("UPDATE OR REPLACE")}
    assert tables >= {"runs", "scenarios", "experiments", "orders", "bots", "events", "files", "metric_names", "users"}


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("sql", ["UPDATE runs SET experiment_id = x'00ff'", "UPDATE runs SET id = CAST(id AS BLOB)"])
def test_an_id_that_is_no_text_is_told_and_stops_no_command(sql):
    experiment, run, second = prepare()
    ids = {"EXPERIMENT": experiment, "RUN": run, "OTHER": second}
    for command in COMMANDS:
        assert damage(sql)
        outcome = call(*(ids.get(word, word) for word in command.split()), "--db", "file:damaged.db")
        assert outcome.status != 70, (command, outcome)
    assert damage(sql)
    outcome = call("runs", "--db", "file:damaged.db")
    assert outcome.status == 2
    assert "is damaged: its " in outcome.complaints[0]
