// How a page uses kitchen.js: step by step, until an instant, and with actions by hand.

import assert from "node:assert/strict";
import test from "node:test";
import * as contract from "../../sim/output/page/contract.js";
import { Kitchen } from "../../sim/output/page/kitchen.js";

const { ADD_BOT, CREATE_ORDER, NONE, NORMAL, PENDING, PROCESSING, COMPLETE, REMOVE_BOT } = contract;
const RULES = { on_remove: "restart", dispatch: "oldest", returned_to: "place", promote_after: null };
const KINDS = "CREATED PICKED_UP COMPLETED RETURNED ABANDONED PROMOTED ADDED IDLE REMOVED IGNORED".split(" ");

/** A kitchen with actions [time, action] and orders of 10 microseconds. */
function kitchenWith(actions, { rules = {}, horizon = null } = {}) {
  const orders = actions.filter(([, action]) => action === CREATE_ORDER).length;
  return new Kitchen({
    action_time: actions.map(([time]) => time),
    action: actions.map(([, action]) => action),
    order_class: Array(orders).fill(NORMAL),
    service: Array(orders).fill(10),
    patience: Array(orders).fill(NONE),
    first_number: 1001,
    horizon,
    rules: { ...RULES, ...rules },
  });
}

/** The log as "time EVENT", from a row on. */
function events(kitchen, from = 0) {
  return kitchen.log.kind.map((kind, row) => `${kitchen.log.time[row]} ${KINDS[kind]}`).slice(from);
}

test("a step is one thing of the tie list with all that follows from it", () => {
  const kitchen = kitchenWith([
    [0, ADD_BOT],
    [3, CREATE_ORDER],
    [3, CREATE_ORDER],
  ]);
  const steps = [];
  let row = 0;
  while (kitchen.next()) {
    steps.push(events(kitchen, row));
    row = kitchen.log.kind.length;
  }
  assert.deepEqual(steps, [
    ["0 ADDED", "0 IDLE"],
    ["3 CREATED", "3 PICKED_UP"],
    ["3 CREATED"],
    ["13 COMPLETED", "13 PICKED_UP"],
    ["23 COMPLETED", "23 IDLE"],
  ]);
  assert.equal(kitchen.end, 23);
});

test("a kitchen is what it is at an instant, after all that is due then, and goes on from there", () => {
  const kitchen = kitchenWith([
    [0, ADD_BOT],
    [0, CREATE_ORDER],
    [0, CREATE_ORDER],
  ]);
  kitchen.runUntil(9);
  assert.deepEqual(kitchen.now, 9);
  assert.deepEqual(
    kitchen.orders.map((order) => order.state),
    [PROCESSING, PENDING],
  );
  kitchen.runUntil(10);
  assert.deepEqual(
    kitchen.orders.map((order) => order.state),
    [COMPLETE, PROCESSING],
  );
  assert.equal(kitchen.bots[0].order, kitchen.orders[1]);
  assert.equal(kitchen.bots[0].began, 10);
});

test("time never goes back, and has no fractions", () => {
  const kitchen = kitchenWith([]);
  kitchen.runUntil(5);
  assert.throws(() => kitchen.runUntil(4), /RangeError: 4 is over: it is 5/);
  assert.throws(() => kitchen.runUntil(5.5), /RangeError: 5.5 is no whole number of microseconds below 2\^53/);
});

test("PENDING orders stand in the order in which bots take them, also those that were sent to the front or the back", () => {
  const actions = [
    [0, ADD_BOT],
    [0, CREATE_ORDER],
    [1, CREATE_ORDER],
    [2, CREATE_ORDER],
    [3, REMOVE_BOT],
  ];
  for (const [returned_to, numbers] of [
    ["place", [1001, 1002, 1003]],
    ["front", [1001, 1002, 1003]],
    ["back", [1002, 1003, 1001]],
  ]) {
    const kitchen = kitchenWith(actions, { rules: { returned_to } });
    kitchen.runUntil(3);
    assert.deepEqual(
      kitchen.pending.map(({ number }) => number),
      numbers,
    );
  }
});

test("a bot that is to leave is still there, and says so", () => {
  const kitchen = kitchenWith(
    [
      [0, ADD_BOT],
      [0, CREATE_ORDER],
      [4, REMOVE_BOT],
    ],
    { rules: { on_remove: "finish" } },
  );
  kitchen.runUntil(9);
  assert.deepEqual(
    kitchen.bots.map((bot) => bot.leaving),
    [true],
  );
  kitchen.runUntil(10);
  assert.deepEqual(kitchen.bots, []);
});

test("nothing happens behind the horizon, and no clock goes on there", () => {
  const kitchen = kitchenWith(
    [
      [0, ADD_BOT],
      [0, CREATE_ORDER],
      [2, CREATE_ORDER],
    ],
    { horizon: 10 },
  );
  kitchen.runUntil(30);
  assert.equal(kitchen.now, 10);
  assert.equal(kitchen.end, 10);
  assert.deepEqual(events(kitchen, 4), ["2 CREATED", "10 COMPLETED", "10 PICKED_UP"]);
  assert.equal(kitchen.next(), false);
});

test("what would happen behind the last exact instant is refused, not rounded", () => {
  const last = Number.MAX_SAFE_INTEGER;
  const actions = [
    [0, ADD_BOT],
    [last - 9, CREATE_ORDER],
  ];
  assert.throws(() => kitchenWith(actions).run(), /RangeError: 9007199254740992 is no whole number/);
  assert.throws(() => kitchenWith(actions, { horizon: last + 1 }), RangeError);
  const kitchen = kitchenWith(actions, { horizon: last });
  kitchen.run();
  assert.deepEqual(events(kitchen).at(-1), `${last - 9} PICKED_UP`);
});
