"""Traces in the long form: files that are not ours, read by the reader of tills and call centres."""

import pytest

from sim import ScenarioError
from sim.model import OrderClass
from tests.helpers.workloads import SECOND, order_times

TILL = (
    "Ordered At;Tier;Secs\r\n"
    "14/03/2026 6:00:05 PM;gold;90,5\r\n"
    "14/03/2026 6:00:00 PM;silver;30\r\n"
    "14/03/2026 7:10 PM;silver;\r\n"
)  # fmt: skip
LONG = "{file: till.csv, columns: {time: Ordered At, class: Tier, service: Secs}, classes: {VIP: [gold]}, unit: s%s}"
CLOCK = "clock: {start: '18:00', until: 2h}\nservice: 10s\n"


@pytest.fixture(autouse=True)
def _till(tmp_path):
    (tmp_path / "till.csv").write_text(TILL, encoding="cp1252")


@pytest.fixture
def refusal(scenario, tmp_path):
    """Load a wrong scenario and return its lines, without the folder."""

    def refused(text) -> list[str]:
        with pytest.raises(ScenarioError) as caught:
            scenario(text)
        return [line.removeprefix(f"{tmp_path}/") for line in caught.value.lines]

    return refused


def test_a_file_of_a_till_is_replayed(scenario):
    loaded = scenario(f"{CLOCK}arrivals: [{{trace: {LONG % ''}}}]\n")
    workload = loaded.workload()
    assert order_times(workload) == [0, 5, 4200]
    assert workload.order_class.tolist() == [OrderClass.NORMAL, OrderClass.VIP, OrderClass.NORMAL]
    assert workload.service.tolist() == [30 * SECOND, 90.5 * SECOND, 10 * SECOND]
    assert [note.split("till.csv: ")[1] for note in loaded.notes] == [
        "dates are read as day/month",
        "1 of 3 rows without a service time take the scenario's",
    ]


def test_rows_outside_the_run_are_faults_or_dropped_and_counted(scenario, refusal):
    text = CLOCK.replace("2h", "1h")
    assert refusal(f"{text}arrivals: [{{trace: {LONG % ''}}}]\n") == [
        "till.csv:4:1: Ordered At: '19:10:00' would be 1h10m into the run, which ends after 1h; "
        "write an earlier instant, or a later clock.until, or outside: drop in the trace"
    ]
    loaded = scenario(f"{text}arrivals: [{{trace: {LONG % ', outside: drop'}}}]\n")
    assert order_times(loaded.workload()) == [0, 5]
    assert loaded.notes[-1].endswith("till.csv: 1 of 3 rows outside the run are left out")


def test_a_clock_with_a_date_places_several_days(scenario, refusal, tmp_path):
    (tmp_path / "till.csv").write_text("time,Kind\n2026-03-14 18:00,x\n2026-03-15 18:00,x\n")
    trace = "arrivals: [{trace: {file: till.csv, columns: {time: time}}}]\nservice: 1s\n"
    loaded = scenario(f"clock: {{start: '2026-03-14T12:00'}}\n{trace}")
    assert order_times(loaded.workload()) == [6 * 3600, 30 * 3600]
    assert loaded.notes[0].endswith("till.csv: no column says the class; all orders are NORMAL")
    (line,) = refusal(f"clock: {{start: '12:00'}}\n{trace}")
    assert line.endswith(
        "has orders from 2026-03-14 to 2026-03-15, and clock.start has no date; write one, "
        'such as clock: {start: "2026-03-14T12:00:00"}'
    )


def test_what_cannot_be_told_is_asked_for_in_the_words_of_the_file(refusal, tmp_path):
    (tmp_path / "till.csv").write_text("time;Tier\n03/04/2026 18:00;gold\n")
    text = CLOCK + "arrivals: [{trace: {file: till.csv, columns: {class: Tier}}}]\n"
    (line,) = refusal(text)
    assert "can be read as day/month and as month/day; write dates: dmy or dates: mdy" in line
    (line,) = refusal(text.replace("class: Tier}", "class: Tier}, dates: dmy"))
    assert "column 'Tier' holds 'gold' (1); say which are VIPs, such as classes: {VIP: [gold]}" in line


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("dates: ymd", "'ymd' is not known; did you mean 'mdy'?"),
        ("zone: Europe/Rme", "'Europe/Rme' is not a time zone; did you mean 'Europe/Rome'?"),
        ("unit: sec", "'sec' is not known; write one of s, m, h, ms"),
        ("columns: {time: Ordered}", "'till.csv' has no column 'Ordered'; did you mean 'Ordered At'?"),
        ("columns: {tme: Ordered At}", "unknown key 'tme'; did you mean 'time'?"),
        ("colums: {time: Ordered At}", "unknown key 'colums'; did you mean 'columns'?"),
    ],
)
def test_a_wrong_key_is_a_fault(refusal, key, message):
    assert message in "\n".join(refusal(f"{CLOCK}arrivals: [{{trace: {{file: till.csv, {key}}}}}]\n"))


def test_a_file_of_another_form_is_told_about_the_long_one(refusal):
    (line,) = refusal(f"{CLOCK}arrivals: [{{trace: till.csv}}]\n")
    assert "name its columns: trace: {file: till.csv, columns: {time: …, class: …}}" in line


def test_many_rows_that_cannot_be_read_are_ten_lines_and_a_count(refusal, tmp_path):
    (tmp_path / "till.csv").write_text("time,x\n18:00,1\n" + "noon,1\n" * 500)
    lines = refusal(CLOCK + "arrivals: [{trace: {file: till.csv, columns: {time: time}}}]\n")
    assert len(lines) == 11
    assert lines[-1] == "till.csv:13:1: time: 490 more like the 10 above; correct them in the same way"
