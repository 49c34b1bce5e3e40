"""Many days in one call, so that a small day does not pay for being called."""

from sim.engines.compiled.jit import Array, jit
from sim.engines.compiled.loop import simulate


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
    """Do what `loop.simulate` does for each day; all columns hold day after day.

    `actions`, `orders` and `events` are (days + 1,): where the rows of a day begin, and those of the last one end. The
    columns from `action_time` to `patience` are those of workloads; `rules` are on_remove, dispatch, returned_to,
    promote_after. `levels` is (days, breaks + 1, LEVELS), `highest` and `area` are (days, breaks, LEVELS). `totals`,
    (days, 5), takes all whole numbers that `loop.simulate` returns, and `reach`, (days,), the last one.
    """
    for day in range(len(reach)):
        of_actions, of_orders = slice(actions[day], actions[day + 1]), slice(orders[day], orders[day + 1])
        of_events = slice(events[day], events[day + 1])
        count, created, ended, followed, wait_time, reach[day] = simulate(
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
