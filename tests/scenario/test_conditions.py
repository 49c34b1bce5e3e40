"""Conditions on the parameters of a sweep."""

import operator
from contextlib import suppress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sim.scenario.where import parse_where

VALUES = {
    "crew": 7,
    "most": 7.0,
    "cook": "3m",
    "slow": "200s",
    "rate": "12/h",
    "share": "50%",
    "opens": "11:30",
    "mode": "fast",
    "spare": True,
    "order": 3,
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        # `not` before `and` before `or`
        ("crew == 7 or crew == 1 and crew == 2", True),
        ("(crew == 7 or crew == 1) and crew == 2", False),
        ("not crew == 1 and crew == 2", False),
        ("not (crew == 1 and crew == 2)", True),
        ("not crew == 7 or crew == 7", True),
        ("not (crew == 7 or crew == 7)", False),
        ("not not crew == 7", True),
        ("not(crew==7)or(crew==7)and(cook<slow)", True),
        # values by their meaning, on either side
        ("cook == 180s", True),
        ("0.05h == cook", True),
        ("cook < slow", True),
        ("2m59s >= cook", False),
        ("crew == most", True),
        ("crew == 7.0", True),
        ("-1 < crew", True),
        ("rate == 0.2/m", True),
        ("rate > 11/h", True),
        ("share == 50.0%", True),
        ("share <= 49.9%", False),
        ("opens == 11:30:00", True),
        ("opens < '12:00:00'", True),
        ('"09:00" > opens', False),
        ("mode == fast", True),
        ("mode != 'fast'", False),
        ('mode == "very fast"', False),
        ("spare == true", True),
        ("spare != false", True),
        ("order == 3", True),
        # what is no sign may be a parameter's name or be left out
        ("  crew  ==\n7  ", True),
        ("crew<=7", True),
    ],
)
def test_a_condition_means_what_it_says(text, holds):
    assert parse_where(text)(VALUES) is holds


@pytest.mark.parametrize("sign", ["<", "<=", "==", "!=", ">", ">="])
@pytest.mark.parametrize("seconds", [179, 180, 181])
def test_each_sign_compares_durations_by_their_length(sign, seconds):
    compared = {"<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">": operator.gt}
    expected = compared.get(sign, operator.ge)(180, seconds)
    assert parse_where(f"cook {sign} {seconds * 1000}ms")(VALUES) is expected


def test_clock_times_of_two_days_are_in_the_order_of_their_days():
    assert parse_where("opens < '2026-03-02T01:00:00'")({"opens": "2026-03-01T23:00:00"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("crew == 7 or paek == 1", "'paek' names no parameter; "),
        ("crew == 1 and cook == 1", "cook is a duration and 1 is a number; compare what is alike"),
        ("crew == 7 or (crew == 7 or not mode < quick)", "mode is a word, which has no order"),
        ("crew == '7'", "crew is a number and '7' is a word; compare what is alike"),
    ],
)
def test_all_parts_are_looked_at_even_where_the_first_decides(text, message):
    with pytest.raises(ValueError, match="^" + message):
        parse_where(text)(VALUES)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "__import__('os').system('true') == 0",
        "crew.__class__ == 7 and ().__class__ == 1",
        "(lambda: crew)() == 7",
        "crew == 7 if crew else 8",
        "[crew for crew in (1,)] == 7",
        "crew + 1 == 8",
        "crew := 7",
    ],
)
def test_code_is_refused(text):
    with pytest.raises(ValueError, match="is not understood from"):
        parse_where(text)


def test_what_looks_like_code_is_a_word():
    with pytest.raises(ValueError, match=r"^'crew\.real' names no parameter"):
        parse_where("crew.real == 7")(VALUES)


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("not ", ""), ("(not ", ")"), ("crew == 1 or (", ")")])
def test_nesting_as_deep_as_a_condition_may_be_long_overflows_nothing(opening, closing):
    depth = (1000 - len("crew == 7")) // len(opening + closing)
    test = parse_where(opening * depth + "crew == 7" + closing * depth)
    assert test(VALUES) is (depth % 2 == 0 or "not" not in opening)
    with pytest.raises(ValueError, match=r"has 10\d\d characters; write at most 1000"):
        parse_where(opening * (depth + 2) + "crew == 7" + closing * (depth + 2) + " " * 20)


PIECES = [*VALUES, *"()'\"=!<>#*&[{%@`|-?:~,$1", "==", " and ", " or ", " not ", " "]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_a_text_is_a_condition_or_a_value_error(text):
    with suppress(ValueError):
        assert isinstance(parse_where(text)(VALUES), bool)


SIGNS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
FORMS = {  # the ways to write a number of each kind
    "number": ["{0}", "{0}.0", "+{0}"],
    "duration": ["{0}s", "{1}ms", "'{0}s'", '"{1}ms"'],
    "rate": ["{0}/s", "{0}.00/s"],
    "share": ["{0}%", "'{0}.0%'"],
    "clock time": ["00:00:0{0}", "'00:00:0{0}'"],
    "word": ["w{0}", "'w{0}'", '"w{0}"'],
}
DIGITS = st.integers(0, 4)


@st.composite
def comparisons(draw):
    """A leaf of a tree: two numbers of one kind and how they are written, of which one is a parameter's."""
    kind = draw(st.sampled_from(list(FORMS)))
    sign = draw(st.sampled_from(["==", "!="] if kind == "word" else list(SIGNS)))
    left, right = draw(DIGITS), draw(DIGITS)
    return sign, left, right, kind, draw(st.sampled_from(["left", "right", "both"])), draw(st.integers(0, 9))


TREES = st.recursive(
    comparisons(),
    lambda below: (
        st.tuples(st.just("not"), st.lists(below, min_size=1, max_size=1), st.booleans())
        | st.tuples(st.sampled_from(["and", "or"]), st.lists(below, min_size=2, max_size=3), st.booleans())
    ),
    max_leaves=10,
)


def evaluated(tree) -> bool:
    """What Python says of a tree."""
    match tree:
        case ("not", [one], _):
            return not evaluated(one)
        case ("and" | "or" as word, parts, _):
            return (all if word == "and" else any)([evaluated(part) for part in parts])
        case (sign, left, right, *_):
            return SIGNS[sign](left, right)


def written(tree, values: dict, inside: str = "or") -> str:
    """A tree as text with no more brackets than it needs, unless it asks for them; parameters go into `values`."""
    strength = {"or": 0, "and": 1, "not": 2}
    if tree[0] in strength:
        word, parts, brackets = tree
        texts = [written(part, values, word) for part in parts]
        text = f"not {texts[0]}" if word == "not" else f" {word} ".join(texts)
        return f"({text})" if brackets or strength[word] < strength[inside] else text
    sign, left, right, kind, side, variant = tree
    sides = []
    for number, named in ((left, side != "right"), (right, side != "left")):
        forms = FORMS[kind]
        text = forms[variant % len(forms)].format(number, number * 1000)
        if named:
            name = f"p{len(values)}"
            values[name] = number if kind == "number" else text.strip("'\"")
            text = name
        sides.append(text)
    return sign.join(sides) if variant > 5 else f" {sign} ".join(sides)


@given(TREES)
def test_a_condition_is_what_python_makes_of_the_same_tree(tree):
    values: dict = {}
    text = written(tree, values)
    assume(len(text) <= 1000)
    assert parse_where(text)(values) is evaluated(tree)
