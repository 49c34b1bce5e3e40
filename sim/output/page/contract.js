/**
 * What the engine in kitchen.js takes and gives, and its plain numbers: those of sim/engines/contract.py, where they are
 * explained. A test compares them by name.
 */

const NONE = -1;
const [CREATE_ORDER, ADD_BOT, REMOVE_BOT] = [0, 1, 2];
const [VIP, NORMAL] = [0, 1];
const [CREATED, PICKED_UP, COMPLETED, RETURNED, ABANDONED, PROMOTED] = [0, 1, 2, 3, 4, 5];
const [ADDED, IDLE, REMOVED, IGNORED] = [6, 7, 8, 9];
const [PENDING, PROCESSING, COMPLETE, GONE, PENDING_AGAIN] = [0, 1, 2, 3, 4];
const [COMPLETION, ABANDONMENT, PROMOTION, ACTION] = [0, 1, 2, 3];

/**
 * What `Workload` in sim/model has, under the same names: times in microseconds, NONE for endless patience, null for no
 * horizon. The k-th CREATE_ORDER creates order `first_number + k`, to which row k of the order columns belongs.
 * @typedef {object} Workload
 * @property {number[]} action_time
 * @property {number[]} action
 * @property {number[]} order_class
 * @property {number[]} service
 * @property {number[]} patience
 * @property {number} first_number
 * @property {number | null} horizon
 * @property {Rules} rules
 */

/**
 * @typedef {object} Rules
 * @property {"restart" | "resume" | "finish"} on_remove
 * @property {"oldest" | "longest-idle"} dispatch
 * @property {"place" | "front" | "back"} returned_to
 * @property {number | null} promote_after
 */

/**
 * What `EventLog` in sim/events.py has: columns of equal length, NONE where one does not apply.
 * @typedef {object} Log
 * @property {number[]} time
 * @property {number[]} kind
 * @property {number[]} order
 * @property {number[]} order_class
 * @property {number[]} bot
 */

/**
 * A row of the order columns of a workload.
 * @typedef {{ order_class: number, service: number, patience: number }} NewOrder
 */

/**
 * An order: `servedAs` is VIP from its promotion on, `need` is the service time that its next attempt takes.
 * @typedef {object} Order
 * @property {number} number
 * @property {number} orderClass
 * @property {number} servedAs
 * @property {number} need
 * @property {number} created
 * @property {number} state
 */

/**
 * A bot, with the order that it works on since `began`, or its `turn` among IDLE ones. It is `leaving` when it goes after
 * that order, and then `gone`.
 * @typedef {object} Bot
 * @property {number} number
 * @property {Order | null} order
 * @property {number} began
 * @property {number} turn
 * @property {boolean} leaving
 * @property {boolean} gone
 */

/**
 * Return an instant if it is one that numbers are exact for.
 * @param {number} instant
 */
function exact(instant) {
  if (!Number.isSafeInteger(instant)) throw new RangeError(`${instant} is no whole number of microseconds below 2^53`);
  return instant;
}

// biome-ignore format: by what they are
export {
  NONE, CREATE_ORDER, ADD_BOT, REMOVE_BOT, VIP, NORMAL,
  CREATED, PICKED_UP, COMPLETED, RETURNED, ABANDONED, PROMOTED, ADDED, IDLE, REMOVED, IGNORED,
  PENDING, PROCESSING, COMPLETE, GONE, PENDING_AGAIN, COMPLETION, ABANDONMENT, PROMOTION, ACTION, exact,
};
