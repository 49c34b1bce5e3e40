"""Characters of a scenario file: whatever they are, they are read as they stand, or refused where they stand."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import ScenarioError
from sim.scenario import restore_scenario
from sim.scenario.source import read_yaml
from sim.scenario.text import resolved_text
from tests.helpers.workloads import same

BREAKS = "\x85\u2028\u2029"  # of lines in YAML 1.1, no breaks in YAML 1.2
EVERY = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x110000)]))
RAW = re.sub("[^\t\n -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", EVERY)


def test_the_resolved_text_reads_back_whatever_characters_it_has():
    parts = [EVERY[start : start + 997] for start in range(0, len(EVERY), 997)]
    plain = {"description": EVERY[:70_000], "list": parts[70:], "map": {part[::-50]: part[::50] for part in parts}}
    assert read_yaml(resolved_text(plain, {f"a{EVERY[:9000]}.csv": b""}), "s", []).plain() == plain


@given(
    st.dictionaries(
        st.from_regex("[a-z]{1,9}", fullmatch=True),
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(st.characters(exclude_categories=["Cs"])),
            lambda inner: st.lists(inner, max_size=4)
            | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4),
            max_leaves=12,
        ),
        min_size=1,
        max_size=4,
    )
)  # fmt: skip
def test_the_resolved_text_reads_back_whatever_values_it_has(plain):
    read = read_yaml(resolved_text(plain, {}), "s", []).plain()
    assert read == plain
    assert repr(read) == repr(plain)  # 1, 1.0 and true are three values


def test_what_a_file_may_hold_is_read_as_it_stands():
    raw = re.sub("[\t\n\U00020000-\U0010ffff]", "", RAW)
    in_quotes = raw.replace("'", "''")
    text = (
        f"a: '{in_quotes}'\nb: |\n  x{raw}\nc: \"x\\ue000{BREAKS}\\N\\L\\P\"\nd: plain{BREAKS}text # and{BREAKS}e: 5\n"
    )
    assert read_yaml(text, "s", []).plain() == {
        "a": raw,
        "b": f"x{raw}\n",
        "c": f"x\ue000{BREAKS}{BREAKS}",
        "d": f"plain{BREAKS}text",
    }


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\x7f", "\x80", "\x9f", "\ufffe", "\uffff"])
def test_a_character_that_yaml_does_not_print_is_refused_where_it_stands(character):
    with pytest.raises(ScenarioError) as caught:
        read_yaml(f"a: {BREAKS}\r\nb: '{BREAKS}{character}'", "s", [])
    [fault] = caught.value.faults
    assert (fault.line, fault.column) == (2, 8)
    assert fault.message.startswith(f"U+{ord(character):04X} is not allowed; remove it, or ")


def test_a_character_in_two_halves_is_that_character_as_in_json():
    plain = {"a": "🍔 😀", "🍔": ["\U0010ffff"], "t": "11:00"}
    assert read_yaml(json.dumps(plain), "s", []).plain() == plain
    assert read_yaml(f"# {BREAKS}\n{json.dumps(plain)}", "s", []).plain() == plain
    faults = []
    read_yaml('a: "\\ud83c"\nb: ["\\udf54\\ud83c", \'\\ud83c\']\n"\\ud83c": 1\n', "s", faults)
    assert [(fault.line, fault.column, fault.message) for fault in faults] == [
        (line, column, "has half a character (\\ud800 to \\udfff); write the whole character")
        for line, column in ((1, 4), (2, 5), (3, 1))
    ]
    with pytest.raises(ScenarioError, match="s:1:7: is not valid YAML: found invalid Unicode character escape code"):
        read_yaml('a: "\\UFFFFFFFF \\ud83c"', "s", [])


def test_a_parameter_from_python_has_whole_characters(scenario):
    loaded = scenario("params: {note: x}\ndescription: $note\n")
    assert loaded.set(note=EVERY).file.description == EVERY
    for note in ("\ud800", {"\udfff": 1}, ["a", "\ud83c\udf54"]):
        with pytest.raises(ScenarioError, match=r"story.yaml:3:16: .* has half a character"):
            loaded.set(note=note)


@pytest.mark.parametrize("name", ["a\u2028b.csv", "a\x85b.csv", "a\x1b[31m.csv", "a\n# b.csv", "\ufffe.csv"])
def test_a_scenario_with_strange_characters_is_restored_from_its_text(scenario, tmp_path, name):
    (tmp_path / name).write_text("time,class,service\n0s,VIP,1s\n", encoding="utf-8")
    loaded = scenario(f"description: {json.dumps(EVERY[:300] + name)}\narrivals: [{{trace: {json.dumps(name)}}}]\n")
    restored = restore_scenario(loaded.text, loaded.files, "stored")
    assert (restored.text, restored.sha256, restored.model_sha256) == (loaded.text, loaded.sha256, loaded.model_sha256)
    assert same(restored.workload(), loaded.workload())
