"""Keys of scenario files whose `staff` is wrong, by what is wrong."""

STAFFED = "promise: {wait.within(5m): 90%}"
STAFF = {
    "staff without what it needs": "staff: {every: 30m}\n",
    "staff that is a list": "staff: [30m]\n",
    "promises that are none": "clock: {until: 1h}\nstaff: {every: 30m, bots: 1..5, promise: {wait.p95: 90%, "
    "wait.NORMAL.within(5m)@lunch: 90%, wait.VIP.within(5): 90%, wait.within(1m): 100%, wait.within(60s): 80%, "
    "flow.within(5m): 90%, wait.NORMAL.within(2m): 0.9}}\n",
    "a promise of nothing": "clock: {until: 1h}\nstaff: {every: 30m, bots: 1..5, promise: {}}\n",
    "a range of bots that is none": f"clock: {{until: 1h}}\nstaff: {{every: 30m, bots: 5, {STAFFED}}}\n",
    "a range of bots the other way": f"clock: {{until: 1h}}\nstaff: {{every: 30m, bots: 9..1, {STAFFED}}}\n",
    "a range without bots": f"clock: {{until: 1h}}\nstaff: {{every: 30m, bots: 0..0, {STAFFED}}}\n",
    "a range of too many bots": f"clock: {{until: 1h}}\nstaff: {{every: 30m, bots: 1..20000, {STAFFED}}}\n",
    "slots without an end": f"staff: {{every: 30m, bots: 1..5, {STAFFED}}}\n",
    "slots that end before they begin": "clock: {until: 3h}\n"
    f"staff: {{every: 30m, from: 2h, until: 1h, bots: 1..5, {STAFFED}}}\n",
    "slots from the end on": f"clock: {{until: 3h}}\nstaff: {{every: 30m, from: 3h, bots: 1..5, {STAFFED}}}\n",
    "slots between two seconds": f"clock: {{until: 3h}}\nstaff: {{every: 1.5s, bots: 1..5, {STAFFED}}}\n",
    "too many slots of staff": f"clock: {{until: 30h}}\nstaff: {{every: 1m, bots: 1..5, {STAFFED}}}\n",
    "too many bots in all slots": f"clock: {{until: 8h}}\nstaff: {{every: 1m, bots: 1..5000, {STAFFED}}}\n",
    "a timeline that changes the crew of a slot": "clock: {until: 3h}\ntimeline: [{at: 2h, add_bots: 1}]\n"
    f"staff: {{every: 30m, from: 1h, bots: 1..5, {STAFFED}}}\n",
    "shifts that do not fit the slots": f"clock: {{until: 3h}}\nstaff: {{every: 30m, bots: 1..5, {STAFFED}, "
    "shifts: [{length: 50m, start_every: 40m}, {length: 4h, start_every: 1h, cost: 0}]}\n",
    "shifts that leave a slot alone": f"clock: {{until: 3h}}\nstaff: {{every: 30m, bots: 1..5, {STAFFED}, "
    "shifts: [{length: 1h, start_every: 90m}]}\n",
}
