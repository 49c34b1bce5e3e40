"""`sim fit` as people meet it, in an empty folder."""

import json
from pathlib import Path

import pytest

from tests.helpers.commands import sim
from tests.helpers.tills import Till, days_of, export, served, with_instants

TILL = Till(";", ("Ordered At", "Tier", "Prep (s)"), "%d/%m/%Y %I:%M:%S %p", words=("gold", "basic"), decimal=",")
READ = ("--time", "Ordered At", "--class", "Tier", "--vip", "gold", "--service", "Prep (s)")


@pytest.fixture(autouse=True)
def _export(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("lunch 2026.csv").write_text(export(days_of(50), TILL), encoding="cp1252")


def test_an_export_becomes_a_scenario_that_validates_and_runs():
    result = sim("fit", "lunch 2026.csv", *READ, "-o", "lunch.yaml", "--no-charts")
    assert result.stderr.splitlines() == [
        "dates are read as day/month",
        "'Prep (s)' is read in s, as its header says",
    ]
    lines = result.stdout.splitlines()
    assert lines[0] == "lunch: 4,283 orders on 14 days from 2026-03-02 to 2026-03-15"
    assert lines[1].split() == ["days", "stream", "from", "until", "rate/h", "(95%", "interval)", "arrivals"]
    assert lines[-2:] == ["Wrote lunch.yaml", "Wrote lunch.days.csv"]
    assert max(map(len, lines)) <= 80
    assert sim("validate", "lunch.yaml").stdout == "lunch.yaml: valid\n"
    sim("run", "lunch.yaml", "--no-save", "--no-charts")


def test_a_scenario_that_is_there_is_not_overwritten():
    Path("lunch.yaml").write_text("mine")
    result = sim("fit", "lunch 2026.csv", *READ, "-o", "lunch.yaml", status=2)
    assert "lunch.yaml exists already; name another, or remove it" in result.stderr
    assert Path("lunch.yaml").read_text() == "mine"
    Path("other.days.csv").write_text("mine")
    result = sim("fit", "lunch 2026.csv", *READ, "-o", "other.yaml", status=2)
    assert "other.days.csv exists already; name another, or remove it" in result.stderr
    assert not Path("other.yaml").exists()


def test_the_picture_is_written_beside_it():
    result = sim("fit", "lunch 2026.csv", *READ)
    assert result.stdout.splitlines()[-3:] == [
        "Wrote lunch-2026.yaml",
        "Wrote lunch-2026.days.csv",
        "Wrote lunch-2026.png",
    ]
    assert Path("lunch-2026.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--time", "Ordred At"), "lunch 2026.csv:1:1: has no column 'Ordred At'; did you mean 'Ordered At'?"),
        (
            ("--class", "Tier"),
            "column 'Tier' holds 'basic' (3,653), 'gold' (630); say which are VIPs, such as --vip WORD",
        ),
        (("--skip", "Tier"), "'Tier' has no value; write COLUMN=VALUE"),
        (("--days", "monday-fryday"), "'monday-fryday' are not weekdays; write some such as mon-fri or sat,sun"),
        (("--until", "14.3."), "'14.3.' is not a date; write one such as 2026-03-14"),
        (
            ("-o", "my lunch.yaml"),
            "my lunch.yaml is not a name of a scenario; write letters, digits, '-', '_' and .yaml",
        ),
        (("--unit", "sec"), "'sec' is not known; write one of s, m, h, ms"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(options, message):
    result = sim("fit", "lunch 2026.csv", *options, status=2)
    assert message in " ".join(result.stderr.split())
    assert not list(Path().glob("*.yaml"))


def test_later_days_calibrate_a_scenario_of_earlier_ones():
    days = days_of(51, count=20, vip=0)
    text = with_instants(days, lambda day: {"started": served(day, 7), "done": served(day, 7) + day.services})
    Path("orders.csv").write_text(text)
    sim("fit", "orders.csv", "--until", "2026-03-12", "-o", "lunch.yaml", "--no-charts")
    result = sim("calibrate", "lunch.yaml", "orders.csv", "--margin", "30%", "--engine", "compiled")
    assert result.stdout.splitlines()[0].startswith("PASS  lunch against ")
    assert result.stderr == "10 days left out, to which the scenario was fitted\n"
    Path("crew.csv").write_text("at,count\n11:00,6\n")
    wrong = sim(
        "calibrate", "lunch.yaml", "orders.csv", "--crew", "crew.csv", "--json", "--engine", "compiled", status=1
    )
    document = json.loads(wrong.stdout)
    assert document["verdict"] == "FAIL"
    assert document["checks"][0]["verdict"] == "FAIL"
    assert document["most_different"].startswith("most different at ")
