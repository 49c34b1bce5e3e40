"""Names in `sim/` say what they hold: no parameter, field, variable or loop variable is called by a pronoun."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRONOUNS = """
one found done those told kept there made asked came seen here at which what other others rest each both more left own
ours theirs mine again before after back whole
"""
WORDS = set(PRONOUNS.split())
KEYS_OF_THE_FILE_FORMAT = {"at"}
"""A field that pydantic reads has the name of its key: scenarios say `at: 12:30`."""


def names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield what is bound in a module, with its line: all but functions, classes and plain imports."""
    for node in ast.walk(tree):
        match node:
            case ast.arg(arg=name):
                yield node.lineno, name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield node.lineno, name
            case ast.MatchMapping(rest=str(name)):
                yield node.lineno, name


def keys(tree: ast.Module) -> set[tuple[int, str]]:
    """Return the fields of a module's classes that are keys of the file format, with their lines."""
    fields = (field for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for field in node.body)
    annotated = (field for field in fields if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name))
    return {(field.lineno, field.target.id) for field in annotated if field.target.id in KEYS_OF_THE_FILE_FORMAT}


def pronouns(path: Path) -> list[str]:
    """Return `file:line:name` of each pronoun that is a name in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    allowed = keys(tree) if path.is_relative_to(ROOT / "sim" / "scenario") else set()
    return [
        f"{path.relative_to(ROOT).as_posix()}:{line}:{name}"
        for line, name in sorted(set(names(tree)) - allowed)
        if name.strip("_").lower() in WORDS
    ]


def test_no_name_in_sim_is_a_pronoun():
    paths = [*sorted((ROOT / "sim").rglob("*.py")), ROOT / "kitchensim_pytest.py"]
    places = [place for path in paths for place in pronouns(path)]
    assert not places, "say what these hold, such as order, bot, path, verdict:\n" + "\n".join(places)


def test_every_kind_of_name_is_looked_at():
    source = """
class Bot:
    found: int
    here = 0
    def take(self, one, *rest, left=1, **others):
        self.done = [each for each in rest]
        for before, (after, *back) in others: pass
        with open(one) as made: pass
        try: (seen := 1)
        except ValueError as what: pass
        match one:
            case [_, *more] | {"a": 1, **told}: pass
            case which: pass
        return lambda kept: kept
OURS = _theirs = 1
"""
    expected = (
        "found here one rest left others done each before after back made seen what more told which kept OURS _theirs"
    )
    assert sorted(name for _, name in names(ast.parse(source)) if name.strip("_").lower() in WORDS) == sorted(
        expected.split()
    )
