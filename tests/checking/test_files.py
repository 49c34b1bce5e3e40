"""Which files `sim check` takes for scenarios, and which of them are selected."""

import os
from pathlib import Path

import pytest

from tests.helpers.checks import FAILS, HOLDS, check, document, outcomes, put
from tests.helpers.commands import sim as command

NO_KEY = "has no key 'scenario' or 'extends'"
CANNOT_READ = "cannot be read (Permission denied); make it readable, or name other folders"


def test_a_folder_is_searched_and_what_is_no_scenario_is_named():
    put(
        {
            "shop/lunch.yaml": HOLDS,
            "shop/night/late.yml": HOLDS,
            "shop/BIG.YML": HOLDS,
            "shop/.old/lunch.yaml": FAILS,
            "shop/night/.draft.yaml": FAILS,
            "shop/settings.yaml": "name: shop\nbots: {initial: 3}\n",
            "shop/list.yaml": "- scenario: 1\n",
            "shop/comment.yaml": "# scenario: 1\nname: shop\n",
            "shop/empty.yaml": "",
            "shop/chart.yaml": "{{ if .Values.shop }}\nname: shop\n",
            "shop/typing.Yaml": "scenaro: 1\nname: shop\n",
            "shop/long.yaml": f"name: shop\n# {'é' * 2**19}\n",  # whose first mebibyte ends within a sign
            "shop/notes.txt": FAILS,
            "shop/folder.yaml/within.yaml": HOLDS,
        }
    )
    scenarios = ["shop/BIG.YML", "shop/folder.yaml/within.yaml", "shop/lunch.yaml", "shop/night/late.yml"]
    missing = dict.fromkeys(
        ("chart.yaml", "comment.yaml", "empty.yaml", "list.yaml", "long.yaml", "settings.yaml"), NO_KEY
    )
    missing["typing.Yaml"] = f"{NO_KEY}; did you mean 'scenaro'?"
    assert outcomes("shop") == dict.fromkeys(scenarios, "PASS")
    assert check("shop") == [
        *(f"PASS          {name}: 1 of 1 expectation" for name in scenarios),
        *(f"NOT CHECKED   shop/{name}: {why}" for name, why in missing.items()),
        "4 scenarios: 4 passed; 7 files not checked",
    ]
    assert document("shop", "-k", "lunch or typing or list")["not_checked"] == [
        {"file": f"shop/{name}", "reason": missing[name]} for name in ("list.yaml", "typing.Yaml")
    ]
    strict = outcomes("shop", "--strict", status=2)
    assert strict == dict.fromkeys([f"shop/{name}" for name in missing], "WRONG") | dict.fromkeys(scenarios, "PASS")
    assert outcomes("shop/.old", status=1) == {"shop/.old/lunch.yaml": "FAIL"}
    assert outcomes("shop/night/.draft.yaml", status=1) == {"shop/night/.draft.yaml": "FAIL"}
    assert outcomes("shop/settings.yaml", status=2) == {"shop/settings.yaml": "WRONG"}


def test_what_cannot_be_read_is_wrong_and_does_not_stop_the_others(monkeypatch):
    put(dict.fromkeys(("shop/late.yaml", "shop/locked/a.yaml", "shop/night/b.yaml", "shop/late/c.yaml"), HOLDS))
    Path("shop/utf16.yaml").write_text(HOLDS, encoding="utf-16")
    Path("shop/latin.yaml").write_text(f"# café\n{HOLDS}", encoding="latin-1")
    Path("shop/gone.yaml").symlink_to("nowhere.yaml")
    Path("shop/round.yaml").symlink_to("round.yaml")
    os.mkfifo("shop/pipe.yaml")
    scandir = os.scandir

    def guarded(place):
        if str(place) == "shop/locked":
            raise PermissionError(13, "Permission denied", str(place))
        return scandir(place)

    monkeypatch.setattr(os, "scandir", guarded)
    assert outcomes("shop", status=2) == {
        "shop/locked": "WRONG",
        "shop/gone.yaml": "WRONG",
        "shop/late.yaml": "PASS",
        "shop/late/c.yaml": "PASS",
        "shop/latin.yaml": "WRONG",
        "shop/night/b.yaml": "PASS",
        "shop/pipe.yaml": "WRONG",
        "shop/round.yaml": "WRONG",
        "shop/utf16.yaml": "WRONG",
    }
    said = check("shop", status=2)
    assert said[:2] == ["WRONG         shop/locked", f"  shop/locked:1:1: {CANNOT_READ}"]
    assert "  shop/utf16.yaml:1:1: byte 0xff is not UTF-8; save the file as UTF-8" in said
    assert check("shop/locked", status=2)[1] == f"  shop/locked:1:1: {CANNOT_READ}"


def test_a_file_in_a_place_that_cannot_be_entered_is_wrong(monkeypatch):
    put({"late.yaml": HOLDS})
    real = os.stat

    def guarded(path, **options):
        if str(path).startswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, **options)

    monkeypatch.setattr(os, "stat", guarded)
    assert outcomes("locked/a.yaml", "late.yaml", status=2) == {"locked/a.yaml": "WRONG", "late.yaml": "PASS"}


@pytest.mark.parametrize(
    "text",
    [
        HOLDS.replace("scenario: 1\nname: certain\n", "name: certain\nscenario: 1\n"),
        HOLDS.replace("scenario: 1", '"scenario" : 1'),
        "\ufeff" + HOLDS,
        f"# of the shop\n---\n{HOLDS}",
        HOLDS.replace("\n", "\r\n"),
        "{scenario: 1, name: flow}\n",
        "{\n  'scenario': 1,\n  'name': flow\n}\n",
        "{name: flow, scenario: 1}\n",
        "--- {scenario: 1, name: flow}\n",
        "  scenario: 1\n  name: indented\n",
        "# first\n\n  name: indented\n  scenario: 1\n",
        "? scenario\n: 1\n? name\n: explicit\n",
    ],
)
def test_a_scenario_is_known_by_its_key_however_it_is_written(text):
    put({"shop/lunch.yaml": text})
    assert set(outcomes("shop")) == {"shop/lunch.yaml"}
    assert "not_checked" not in check("shop")[-1]


def test_a_scenario_that_is_no_yaml_is_wrong_and_not_left_out():
    put({"shop/late.yaml": HOLDS, "shop/broken.yaml": HOLDS + "bots: [\n"})
    assert outcomes("shop", status=2) == {"shop/broken.yaml": "WRONG", "shop/late.yaml": "PASS"}


def test_a_file_of_another_program_is_left_out_though_it_extends_something_deep_inside():
    put({"lunch.yaml": HOLDS, "compose.yaml": "services:\n  web:\n    extends: {file: base.yaml, service: web}\n"})
    assert outcomes(".") == {"lunch.yaml": "PASS"}
    assert check(".")[-1] == "1 scenario: 1 passed; 1 file not checked"


def test_a_base_is_checked_too_and_what_others_have_from_it_is_shown_where_it_stands():
    put({"base.yaml": FAILS, "two.yaml": "extends: base.yaml\nname: two\nparams: {bots: 2}\n"})
    fact = "order 1001: completed 11s: FAIL, got completed 10s"
    assert check(".", status=1) == [
        "FAIL          base.yaml: 0 of 1 expectation",
        f"  base.yaml:7: {fact}",
        "FAIL          two.yaml: 0 of 1 expectation",
        f"  base.yaml:7: {fact}",
        "2 scenarios: 2 failed",
    ]
    [found] = document("two.yaml", status=1)["scenarios"][0]["findings"]
    assert (found["file"], found["line"], found["column"]) == ("base.yaml", 7, 5)


def test_a_file_that_is_named_again_is_checked_once():
    put({"lunch.yaml": HOLDS, "night/late.yaml": HOLDS})
    said = check("night/late.yaml", ".", "./lunch.yaml", "night", "night/", "lunch.yaml")
    assert [line.split()[1] for line in said[:-1]] == ["night/late.yaml:", "lunch.yaml:"]


def test_a_file_that_is_named_in_two_ways_is_checked_once(folder):
    put({"lunch.yaml": HOLDS, "night/late.yaml": HOLDS})
    assert len(outcomes("lunch.yaml", "night/../lunch.yaml", str(folder / "lunch.yaml"))) == 1


def test_a_folder_without_scenarios_is_refused_and_a_missing_file_is_wrong_while_others_run():
    put({"lunch.yaml": HOLDS, "empty/settings.yaml": "bots: 3\n"})
    refused = command("check", "lunch.yaml", "empty", status=2)
    assert refused.stderr.splitlines()[-1] == (
        f"Error: Invalid value for PATH: empty holds no scenario; empty/settings.yaml {NO_KEY}"
    )
    assert refused.stdout == ""
    assert check("missing.yaml", "lunch.yaml", status=2) == [
        "WRONG         missing.yaml",
        "  missing.yaml:1:1: no such file; name one that exists",
        "PASS          lunch.yaml: 1 of 1 expectation",
        "2 scenarios: 1 passed, 1 wrong",
    ]
    assert "Missing argument 'PATH" in command("check", status=2).stderr


@pytest.mark.parametrize(
    ("expression", "selected"),
    [
        ("lunch", {"lunch/rush.yaml", "lunch/staffing.yaml"}),
        ("LUNCH", {"lunch/rush.yaml", "lunch/staffing.yaml"}),
        ("rush and not Night", {"lunch/rush.yaml"}),
        ("lunch/ru", {"lunch/rush.yaml"}),
        ("night or lunch and staffing", {"Night/rush.yaml", "lunch/staffing.yaml"}),
        ("(night or lunch) and staffing", {"lunch/staffing.yaml"}),
        ("not (night or staffing)", {"lunch/rush.yaml"}),
        ("not not night", {"Night/rush.yaml"}),
        ("not lunch and not staffing", {"Night/rush.yaml"}),
        ("(((rush)))", {"Night/rush.yaml", "lunch/rush.yaml"}),
        ("night or staffing or lunch/rush", {"Night/rush.yaml", "lunch/rush.yaml", "lunch/staffing.yaml"}),
    ],
)
def test_k_selects_by_parts_of_paths(expression, selected):
    put(dict.fromkeys(("lunch/rush.yaml", "lunch/staffing.yaml", "Night/rush.yaml"), HOLDS))
    assert set(outcomes(".", "-k", expression)) == selected


@pytest.mark.parametrize("expression", ["", " ", "(", ")", "()", "lunch night", "lunch and", "not", "lunch (night)"])
def test_k_that_is_no_expression_is_refused(expression):
    put({"lunch.yaml": FAILS})
    assert command("check", ".", "-k", expression, status=2).stderr.splitlines()[-1] == (
        f"Error: Invalid value for -k: {expression!r} is not understood; "
        'write parts of paths, joined by and, or, not and ( ), such as "lunch and not staffing"'
    )


def test_k_of_any_length_and_depth_is_a_line():
    put({"lunch.yaml": HOLDS})
    for deep in ("not " * 248 + "lunch", "(" * 490 + "lunch" + ")" * 490, "(lunch and " * 80 + "lunch" + ")" * 80):
        assert outcomes(".", "-k", deep) == {"lunch.yaml": "PASS"}
    for huge in ("not " * 100_000 + "lunch", "(" * 100_000, "x" * 1001):
        assert command("check", ".", "-k", huge, status=2).stderr.splitlines()[-1] == (
            f"Error: Invalid value for -k: has {len(huge)} characters; write at most 1000"
        )


def test_k_that_selects_nothing_is_refused():
    put({"lunch.yaml": FAILS, "night.yaml": FAILS})
    assert command("check", ".", "-k", "lunch and night", status=2).stderr.splitlines()[-1] == (
        "Error: Invalid value for -k: 'lunch and night' selects none of 2; write a part of a path"
    )
