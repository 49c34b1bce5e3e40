"""A sample of the damages that `python -m benchmarks.damage` does to databases: no command ends in a traceback."""

from benchmarks.damage import NAMED, campaign, damages, prepare


def test_a_damaged_database_is_a_line_or_a_result_whatever_was_done_to_it_and_whoever_reads_it(elsewhere, capsys):
    assert campaign(every=397) == 0
    assert "commands, 0 faults" in capsys.readouterr().out
    assert len([sql for sql in damages(elsewhere / "base.db") if sql in NAMED]) == len(NAMED) >= 44


def test_what_is_damaged_can_be_damaged(elsewhere):
    prepare()
    tables = {sql.split()[3] for sql in damages(elsewhere / "base.db") if sql.startswith("UPDATE OR REPLACE")}
    assert tables >= {"runs", "scenarios", "experiments", "orders", "bots", "events", "files", "metric_names", "users"}
