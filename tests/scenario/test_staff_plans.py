"""What `staff` asks, and the crews that answer it."""

import pytest

from sim.scenario.schedules import bots_block, shifts_of, slots_of, with_schedule
from sim.scenario.workload import crew_changes
from tests.helpers.workloads import HOUR, MINUTE

PLAN = "promise: {wait.NORMAL.within(300s): 90%, wait.within(2m): 95%}, bots: 1..20"


def test_a_promise_is_a_share_of_a_class_that_waits_no_longer_than_a_limit(scenario):
    plan = scenario(f"clock: {{until: 2h}}\nstaff: {{every: 30m, {PLAN}, confidence: 99%}}\n").file.staff
    assert [(promise.metric, promise.limit, promise.share) for promise in plan.promise] == [
        ("wait.NORMAL.within(5m)", 5 * MINUTE, 0.9),
        ("wait.within(2m)", 2 * MINUTE, 0.95),
    ]
    assert [promise.label for promise in plan.promise] == ["NORMAL 5m", "all 2m"]
    assert (plan.bots, plan.confidence, plan.every) == ((1, 20), 0.99, 30 * MINUTE)


@pytest.mark.parametrize(
    ("keys", "names", "holds_end"),
    [
        ("{until: 2h}", ["11:00", "11:30", "12:00", "12:30"], True),
        ("{until: 100m}", ["11:00", "11:30", "12:00", "12:30"], True),
        ('{until: 2h}, from: "11:30", until: "12:30"', ["11:30", "12:00"], False),
        ('{until: 2h}, from: "12:30", until: "13:00"', ["12:30"], False),
        ('drained, until: "12:00"', ["11:00", "11:30"], False),
    ],
)
def test_slots_lie_between_from_and_until_or_fill_the_run(scenario, keys, names, holds_end):
    until, _, limits = keys.partition(", ")
    clock = until.strip("{}").replace("drained", "until: drained")
    file = scenario(
        f'clock: {{start: "11:00", {clock}}}\nstaff: {{every: 30m, {limits}{", " if limits else ""}{PLAN}}}\n'
    ).file
    slots = slots_of(file)
    assert [slot.name for slot in slots] == names
    assert [slot.stop for slot in slots[:-1]] == [slot.start for slot in slots[1:]]
    assert slots[-1].holds_end is holds_end
    assert slots[-1].stop == (file.staff.until or file.clock.until)


def sizes(file, instants):
    changes = crew_changes(file)
    return [[change.size for change in changes if change.time <= instant][-1] for instant in instants]


def test_the_crew_of_a_slot_is_that_of_the_schedule_and_outside_of_slots_that_of_the_file(scenario):
    loaded = scenario("""
        clock: {start: "23:00", until: 4h}
        bots:
          initial: 2
          on_remove: finish
          schedule: [{at: 30m, count: 3}, {at: 90m, count: 7}, {at: 200m, count: 1}]
        timeline: [{at: 10m, add_bots: 1}]
        staff: {every: 30m, from: 1h, until: 3h, promise: {wait.within(5m): 90%}, bots: 0..20}
    """)
    instants = [minutes * MINUTE for minutes in (0, 10, 30, 59, 60, 90, 120, 150, 179, 180, 200, 239)]
    staffed = with_schedule(loaded.file, slots_of(loaded.file), (4, 4, 0, 9))
    assert sizes(loaded.file, instants) == [2, 3, 3, 3, 3, 7, 7, 7, 7, 7, 1, 1]
    assert sizes(staffed, instants) == [2, 3, 3, 3, 4, 4, 0, 9, 9, 7, 1, 1]
    block = bots_block(staffed.bots, loaded.clock)
    assert block["schedule"] == [
        {"at": "23:30:00", "count": 3},
        {"at": "00:00:00", "count": 4},
        {"at": "01:00:00", "count": 0},
        {"at": "01:30:00", "count": 9},
        {"at": "02:00:00", "count": 7},
        {"at": "02:20:00", "count": 1},
    ]
    assert crew_changes(loaded.with_keys(bots=block, staff=None).file) == crew_changes(staffed)


def test_slots_from_the_start_on_have_the_first_crew_and_the_last_one_stays(scenario):
    file = scenario(f"clock: {{until: 26h}}\nbots: {{initial: 5}}\nstaff: {{every: 13h, {PLAN}}}\n").file
    staffed = with_schedule(file, slots_of(file), (3, 8))
    assert bots_block(staffed.bots, file.clock.start) == {"initial": 3, "schedule": [{"at": "13:00:00", "count": 8}]}
    file = scenario(f"clock: {{until: 50h}}\nstaff: {{every: 25h, {PLAN}}}\n").file
    staffed = with_schedule(file, slots_of(file), (3, 8))  # no time of day says the second day
    assert bots_block(staffed.bots, file.clock.start)["schedule"] == [{"at": "25h", "count": 8}]


def test_shifts_begin_and_end_with_slots_and_cost_their_hours_or_what_the_file_says(scenario):
    shifts = "shifts: [{length: 1h, start_every: 30m}, {length: 90m, start_every: 1h, cost: 2.5}]"
    plan = scenario(f"clock: {{until: 2h}}\nstaff: {{every: 30m, {PLAN}, {shifts}}}\n").file.staff
    assert shifts_of(plan, 4) == ((0, 2, 1.0), (1, 3, 1.0), (2, 4, 1.0), (0, 3, 2.5))
    assert plan.shifts[0].length == HOUR
