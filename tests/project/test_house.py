"""The house of the tests: rooms as in the source, no test module that needs another, files of a readable size."""

import ast
from pathlib import Path

TESTS = Path(__file__).parents[1]
FILES = sorted(file for file in TESTS.rglob("*.py") if "outside" not in file.parts)


def imported(file: Path) -> set[str]:
    """Return the modules of `tests` that a file imports, wherever in it that stands."""
    modules = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            modules |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
    return {module for module in modules if module and module.split(".")[0] == "tests"}


def test_no_file_imports_a_test_module():
    needed = {
        str(file.relative_to(TESTS)): [
            module for module in imported(file) if module.rsplit(".", 1)[-1].startswith(("test_", "conftest"))
        ]
        for file in FILES
    }
    assert {file: modules for file, modules in needed.items() if modules} == {}


def test_no_file_has_more_than_500_lines():
    lines = {str(file.relative_to(TESTS)): len(file.read_text(encoding="utf-8").splitlines()) for file in FILES}
    assert {file: count for file, count in lines.items() if count > 500} == {}
