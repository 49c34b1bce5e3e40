"""What benchmarks check before they count a time."""

import pytest

from benchmarks import mm3

ORDERS, PROGRAMS = 50_000, 10
FIRST, SECOND = mm3.theory()


def test_waits_of_theory_are_accepted_with_the_chance_that_single_runs_have():
    runs = [[FIRST * 1.02, SECOND * 1.21], [FIRST, SECOND * 0.9], [FIRST * 0.98, SECOND]]
    assert mm3.disagreement(runs, ORDERS, PROGRAMS) is None


@pytest.mark.parametrize(
    ("waits", "of"),
    [
        ([SECOND, SECOND], "VIP"),
        ([FIRST, SECOND * 1.2], "NORMAL"),
        ([FIRST, SECOND * 0.8], "NORMAL"),
        ([FIRST, float("nan")], "NORMAL"),
    ],
)
def test_waits_that_are_of_another_queue_are_refused(waits, of):
    problem = mm3.disagreement([waits] * 5, ORDERS, PROGRAMS)
    assert problem is not None
    assert problem.startswith(f"mean wait {of} is ")


def test_a_queue_in_which_vip_orders_go_last_is_refused():
    runs = [mm3.textbook(2_000, number)[1][::-1] for number in (1, 2, 3)]
    assert mm3.disagreement(runs, 2_000, PROGRAMS)


def test_more_comparisons_leave_each_more_room_and_more_orders_less():
    assert mm3.tolerance(ORDERS, 20) > mm3.tolerance(ORDERS, 2)
    assert mm3.tolerance(4 * ORDERS, 20) == pytest.approx(mm3.tolerance(ORDERS, 20) / 2)
