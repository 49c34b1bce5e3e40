"""What all engines share stands in the contract, once, and compiled code notices when it changes."""

import ast
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from sim.engines import contract
from sim.engines.compiled import jit
from sim.model import NONE, Action, OrderClass, OrderStatus

ENGINES = Path(contract.__file__).parent
NUMBERS = {name: value for name, value in vars(contract).items() if name.isupper()}


def test_the_numbers_are_those_of_the_model():
    assert [NUMBERS[action.name] for action in Action] == list(Action)
    assert [NUMBERS[order_class.name] for order_class in OrderClass] == list(OrderClass)
    assert [NUMBERS[name] for name in ("PENDING", "PROCESSING", "COMPLETE", "GONE")] == list(OrderStatus)
    assert NUMBERS["PENDING_AGAIN"] not in list(OrderStatus)
    assert NONE not in NUMBERS.values()


@pytest.mark.parametrize("path", sorted(ENGINES.rglob("*.py")), ids=lambda path: path.relative_to(ENGINES).as_posix())
def test_no_engine_has_numbers_of_its_own_for_what_the_contract_names(path):
    bound = {
        node.id
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    if path.name != "contract.py":
        assert not bound & NUMBERS.keys()


@pytest.mark.skipif(jit.numba is None, reason="there is nothing to compile without numba")
def test_what_was_compiled_is_not_taken_when_a_number_of_another_file_has_changed(tmp_path, monkeypatch):
    (tmp_path / "engine.py").write_text(
        "from sim.engines.compiled.jit import jit\nfrom sim.engines.contract import ROOM\n\n"
        "@jit\ndef place(order):\n    return order * ROOM\n\n"
        "@jit\ndef places(order):\n    return place(order) + order\n"
    )

    def places(order: int) -> int:
        spec = spec_from_file_location("engine", tmp_path / "engine.py")
        engine = module_from_spec(spec)
        spec.loader.exec_module(engine)
        return engine.places(order), sum(engine.places.stats.cache_hits.values())

    monkeypatch.setattr(contract, "ROOM", 10)
    assert [places(3), places(3)] == [(33, 0), (33, 1)]
    monkeypatch.setattr(contract, "ROOM", 100)
    assert [places(3), places(3)] == [(303, 0), (303, 1)]
