"""Many days in one call, so that a small day does not pay for being called."""

from sim.engines.compiled import loop
from sim.engines.compiled.jit import Array, jit


@jit
def simulate_days(
    actions: Array,
    orders: Array,
    events: Array,
    action_time: Array,
    action: Array,
    order_class: Array,
    service: Array,
    patience: Array,
    first_number: int,
    horizon: int,
    rules: Array,
    times: Array,
    kinds: Array,
    numbers: Array,
    classes: Array,
    bots: Array,
    measured: bool,
    end: int,
    created_at: Array,
    completed_at: Array,
    wait: Array,
    lost: Array,
    status: Array,
    state: Array,
    returned: Array,
    breaks: Array,
    levels: Array,
    highest: Array,
    area: Array,
    totals: Array,
    reach: Array,
) -> None:
    """Do what `loop.simulate` does for each day, whose rows lie behind one another in plain columns.

    Args:
        actions: (days + 1,), where the actions of a day begin, and those of the last one end.
        orders: (days + 1,), likewise of orders, of which there are no rows where nothing is measured.
        events: (days + 1,), likewise of the room for the log.
        action_time: this column and those to `patience` are those of workloads.
        action: likewise.
        order_class: likewise.
        service: likewise.
        patience: likewise; empty where everybody waits for ever.
        first_number: as in `loop.simulate`, as is all that is not named here.
        horizon: likewise.
        rules: on_remove, dispatch, returned_to, promote_after.
        times: likewise.
        kinds: likewise.
        numbers: likewise.
        classes: likewise.
        bots: likewise.
        measured: likewise.
        end: likewise.
        created_at: likewise.
        completed_at: likewise.
        wait: likewise.
        lost: likewise.
        status: likewise.
        state: likewise.
        returned: likewise.
        breaks: likewise.
        levels: (days, breaks + 1, LEVELS).
        highest: (days, breaks, LEVELS).
        area: (days, breaks, LEVELS).
        totals: (days, 5), filled in with all whole numbers that `loop.simulate` returns.
        reach: (days,), filled in.

    """
    for day in range(len(reach)):
        of_actions, of_orders = slice(actions[day], actions[day + 1]), slice(orders[day], orders[day + 1])
        of_events = slice(events[day], events[day + 1])
        count, created, ended, followed, wait_time, reach[day] = loop.simulate(
            action_time[of_actions],
            action[of_actions],
            order_class[of_orders],
            service[of_orders],
            patience[of_orders],
            first_number,
            horizon,
            rules[0],
            rules[1],
            rules[2],
            rules[3],
            times[of_events],
            kinds[of_events],
            numbers[of_events],
            classes[of_events],
            bots[of_events],
            measured,
            end,
            created_at[of_orders],
            completed_at[of_orders],
            wait[of_orders],
            lost[of_orders],
            status[of_orders],
            state[of_orders],
            returned[of_orders],
            breaks,
            levels[day],
            highest[day],
            area[day],
        )
        totals[day, 0], totals[day, 1], totals[day, 2] = count, created, ended
        totals[day, 3], totals[day, 4] = followed, wait_time
