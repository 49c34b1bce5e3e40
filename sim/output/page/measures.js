/**
 * What is measured of a run, from its log: the waits of orders, counts, utilisation. docs/outputs.md says what each is;
 * sim/metrics has the definition.
 */

// biome-ignore format: by what they are
import {
  CREATED, PICKED_UP, COMPLETED, RETURNED, ABANDONED, ADDED, REMOVED, PENDING, PROCESSING, COMPLETE, GONE,
} from "./contract.js";

/** @typedef {import("./contract.js").Log} Log */

/**
 * Waits in microseconds, null where nothing was observed. Those that end in `IsBound` are lower bounds, since orders are
 * still PENDING.
 * @typedef {object} Waits
 * @property {number | null} mean
 * @property {boolean} meanIsBound
 * @property {number | null} p95
 * @property {boolean} p95IsBound
 * @property {number | null} within the share within the limit
 * @property {boolean} withinIsBound
 */

/** What became of each order, and of the bots' time, as far as a log was read. */
class Tally {
  /** @type {number[]} by order: NORMAL or VIP */
  orderClass = [];
  /** @type {number[]} when it was created */
  created = [];
  /** @type {number[]} PENDING, PROCESSING, COMPLETE or GONE */
  status = [];
  /** @type {number[]} the time in PENDING, without a stay that lasts */
  wait = [];
  /** @type {number[]} since when it is PENDING, if it is */
  since = [];
  rows = 0; // of the log, that were read
  bots = 0;
  busy = 0;
  over = { completed: 0, abandoned: 0 };
  #botTime = 0;
  #busyTime = 0;
  #now = 0;

  /** @param {number} firstNumber @param {number} warmup */
  constructor(firstNumber, warmup) {
    this.firstNumber = firstNumber;
    this.warmup = warmup;
  }

  /**
   * Read what a log has gained.
   * @param {Log} log
   */
  read(log, rows = log.time.length) {
    for (; this.rows < rows; this.rows += 1) {
      const [time, kind] = [log.time[this.rows], log.kind[this.rows]];
      const order = log.order[this.rows] - this.firstNumber;
      this.advance(time);
      if (kind === CREATED) {
        this.orderClass.push(log.order_class[this.rows]);
        this.created.push(time);
        this.status.push(PENDING);
        this.wait.push(0);
        this.since.push(time);
      } else if (kind === PICKED_UP || kind === ABANDONED) {
        this.wait[order] += time - this.since[order];
        this.status[order] = kind === PICKED_UP ? PROCESSING : GONE;
        if (kind === PICKED_UP) this.busy += 1;
        else this.over.abandoned += 1;
      } else if (kind === COMPLETED) {
        this.status[order] = COMPLETE;
        this.busy -= 1;
        this.over.completed += 1;
      } else if (kind === RETURNED) {
        this.status[order] = PENDING;
        this.since[order] = time;
        this.busy -= 1;
      } else if (kind === ADDED) this.bots += 1;
      else if (kind === REMOVED) this.bots -= 1;
    }
  }

  /**
   * Let the bots' time go on until an instant; that of the warm-up does not count.
   * @param {number} time
   */
  advance(time) {
    const span = Math.max(time, this.warmup) - Math.max(this.#now, this.warmup);
    this.#botTime += span * this.bots;
    this.#busyTime += span * this.busy;
    this.#now = time;
  }

  /** Time in which bots worked over time in which they were there, null where there were none. */
  get utilisation() {
    return this.#botTime ? this.#busyTime / this.#botTime : null;
  }

  /**
   * How long an order has waited at an instant.
   * @param {number} order its row
   * @param {number} now
   */
  waitOf(order, now) {
    return this.wait[order] + (this.status[order] === PENDING ? now - this.since[order] : 0);
  }

  /**
   * How many orders of a class were created behind the warm-up, and how many of these have which status.
   * @param {number} orderClass
   */
  counts(orderClass) {
    const counts = { created: 0, pending: 0, completed: 0, abandoned: 0 };
    for (let order = 0; order < this.created.length; order += 1) {
      if (this.orderClass[order] !== orderClass || this.created[order] < this.warmup) continue;
      counts.created += 1;
      if (this.status[order] === PENDING) counts.pending += 1;
      else if (this.status[order] === COMPLETE) counts.completed += 1;
      else if (this.status[order] === GONE) counts.abandoned += 1;
    }
    return counts;
  }

  /**
   * The waits of a class at an instant.
   * @param {number} orderClass
   * @param {number} now
   * @param {number | null} limit that `within` is about
   * @param {number} orders of how many, the first ones
   */
  #chosen(orderClass, now, limit, orders) {
    const [waits, settled] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])];
    const chosen = { waits, settled, created: 0, known: 0, sum: 0, openWithin: false };
    for (let order = 0; order < orders; order += 1) {
      if (this.orderClass[order] !== orderClass || this.created[order] < this.warmup) continue;
      const wait = this.waitOf(order, now);
      const isOpen = this.status[order] === PENDING;
      chosen.created += 1;
      if (!isOpen || (limit !== null && wait > limit)) chosen.known += 1;
      if (this.status[order] === GONE) continue; // nobody knows the wait of an order that is ABANDONED
      waits.push(wait);
      chosen.sum += wait;
      if (!isOpen) settled.push(wait);
      else if (limit !== null && wait <= limit) chosen.openWithin = true;
    }
    return chosen;
  }

  /**
   * The waits of a class at an instant: each order counts that was created, with its time so far if it is PENDING.
   * @param {number} orderClass
   * @param {number} now
   * @param {number | null} limit of which `within` is the share
   * @param {object} [scope]
   * @param {number} [scope.orders] only the first ones
   * @param {boolean} [scope.ofKnown] take the share of those orders whose fate is known, not of all
   * @param {boolean} [scope.isFollowed] orders that are PENDING go on to wait behind the end
   * @returns {Waits}
   */
  waits(orderClass, now, limit, { orders = this.created.length, ofKnown = false, isFollowed = true } = {}) {
    const { waits, settled, created, known, sum, openWithin } = this.#chosen(orderClass, now, limit, orders);
    const isOpen = settled.length < waits.length;
    const of = ofKnown ? known : created;
    let p95 = null;
    let p95IsBound = false;
    if (waits.length) {
      // The smallest that at least this share does not exceed (Hyndman and Fan 1996, type 1), in whole numbers.
      const rank = Math.ceil((950 * waits.length) / 1000) - 1;
      p95 = Float64Array.from(waits).sort()[rank];
      p95IsBound = isOpen && count(settled, p95) <= rank;
    }
    return {
      mean: waits.length ? sum / waits.length : null,
      meanIsBound: isOpen,
      p95,
      p95IsBound,
      within: limit !== null && of ? count(settled, limit) / of : null,
      withinIsBound: !ofKnown && isFollowed && openWithin,
    };
  }
}

/**
 * How many times are at most so long.
 * @param {number[]} times @param {number} limit
 */
function count(times, limit) {
  return times.reduce((number, time) => number + (time <= limit ? 1 : 0), 0);
}

export { Tally };
