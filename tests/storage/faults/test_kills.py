"""Servers and programs that are killed in the middle."""

import pytest


def test_a_server_killed_in_the_middle_of_a_push_has_each_row_once_after_the_next_push(sudden):
    ends = [sudden.server_killed(), sudden.server_killed(twice=True)]
    while "middle" not in ends:  # chance decides where a kill comes
        assert len(ends) < 8
        ends.append(sudden.server_killed())


@pytest.mark.parametrize(("what", "middle"), [("run", "file"), ("run --db", "push"), ("push", "push")])
def test_a_program_killed_while_it_saves_leaves_its_run_whole_or_absent_and_push_completes_it(sudden, what, middle):
    ends = [sudden.program_killed(what)]
    while f"middle of the {middle}" not in ends:  # chance decides where a kill comes
        assert len(ends) < 8
        ends.append(sudden.program_killed(what))
