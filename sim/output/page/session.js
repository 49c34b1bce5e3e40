/**
 * A run that can be looked at, at any instant and thing by thing, and changed: what its scenario brings, what was done
 * by hand, and the kitchen that both make.
 */

import { ADD_BOT, CREATE_ORDER, NONE, REMOVE_BOT } from "./contract.js";
import { fingerprint } from "./fingerprint.js";
import { Kitchen } from "./kitchen.js";
import { Tally } from "./measures.js";
import { Story } from "./story.js";
import { HOUR, MINUTE, reading } from "./words.js";

/** @typedef {import("./contract.js").Log} Log */
/** @typedef {import("./contract.js").NewOrder} NewOrder */
/** @typedef {import("./contract.js").Workload} Workload */

/**
 * Orders in columns; one number stands for a column of that number.
 * @typedef {object} Orders
 * @property {number[]} time
 * @property {number[] | number} order_class
 * @property {number[] | number} service
 * @property {number[] | number} patience
 */

/**
 * What Python writes of a run, in sim/output/page/sources.py. Times are microseconds from the start.
 * @typedef {object} Source
 * @property {string} name
 * @property {string} description
 * @property {string[]} facts which run it is, such as its seed
 * @property {string | null} fingerprint of the log that Python made
 * @property {import("./words.js").Clock} clock
 * @property {number | null} end the horizon
 * @property {number | null} followed until when orders are followed behind it
 * @property {number} warmup
 * @property {import("./contract.js").Rules} rules
 * @property {number} first_number
 * @property {number} initial how many bots begin
 * @property {[number, number][]} schedule instants, and how many bots there are to be
 * @property {Orders & { actions: [number, number][] }} timeline single actions, whose orders are in the columns
 * @property {Orders} arrivals
 * @property {(number | null)[]} limits of waits, by class
 * @property {{ service: number[], patience: number, says_service: boolean }[]} by_hand by class, the service times that
 *   orders by hand take in turn, and whether a saved entry has to say so; their patience
 * @property {Asked[]} asked what the file asks for
 * @property {{ name: string, text: string, timeline: string[], data: string[], command: string }} yaml how the file is
 *   called, what it says, its timeline, its data files, and the command that runs it
 */

/**
 * Something that the scenario asks for and what came instead, with where to look.
 * @typedef {{ asked: string, got: string, held: boolean, at: number | null, order: number | null }} Asked
 */

/**
 * Something done by hand.
 * @typedef {{ at: number, action: number, order: NewOrder | null }} Change
 */

/**
 * What becomes of a run: its log until its end, and who waits how long, followed behind it.
 * @typedef {object} Whole
 * @property {Log} log
 * @property {number} end
 * @property {string} fingerprint
 * @property {Story} story
 * @property {Tally} atEnd
 * @property {Tally} followed
 * @property {number} last until when orders were followed
 */

class Session {
  /** @type {Change[]} in the order in which they happen */
  changes = [];

  /** @param {Source} source */
  constructor(source) {
    this.source = source;
    this.workload = workloadOf(source, []);
    this.original = this.whole = wholeOf(source, this.workload);
    this.kitchen = this.#opened();
    this.tally = new Tally(source.first_number, source.warmup);
    this.steps = 0;
  }

  /** When there is nothing more to see. */
  get end() {
    return this.source.end ?? Math.max(this.whole.end, this.original.end);
  }

  get now() {
    return this.kitchen.now;
  }

  get isChanged() {
    return this.changes.length > 0;
  }

  /**
   * Be at an instant, after all that happens then.
   * @param {number} instant
   */
  seek(instant) {
    if (instant < this.kitchen.now) this.#restart();
    while (this.kitchen.next(instant)) this.steps += 1;
    this.kitchen.now = Math.min(instant, this.source.end ?? instant);
    this.#count();
  }

  /** Do the next thing of the tie list. */
  step() {
    if (this.kitchen.next()) this.steps += 1;
    this.#count();
  }

  /** Be where we were before the last thing. */
  back() {
    const steps = this.steps - 1;
    this.#restart();
    while (this.steps < steps && this.kitchen.next()) this.steps += 1;
    this.#count();
  }

  /**
   * Do something by hand at the present instant: behind the file's own actions of that instant and before its schedule
   * and its arrivals, where a timeline entry would stand.
   * @param {number} action
   * @param {NewOrder | null} order
   */
  change(action, order = null) {
    const later = this.changes.findIndex((change) => change.at > this.now);
    const place = later < 0 ? this.changes.length : later;
    this.changes.splice(place, 0, { at: this.now, action, order });
    this.#simulate();
  }

  /** @param {Change} change */
  takeBack(change) {
    this.changes.splice(this.changes.indexOf(change), 1);
    this.#simulate();
  }

  #simulate() {
    const now = this.now;
    this.workload = workloadOf(this.source, this.changes);
    this.whole = this.isChanged ? wholeOf(this.source, this.workload) : this.original;
    this.#restart();
    this.seek(now);
  }

  #opened() {
    return new Kitchen({ ...this.workload, horizon: this.source.end });
  }

  #restart() {
    this.kitchen = this.#opened();
    this.tally = new Tally(this.source.first_number, this.source.warmup);
    this.steps = 0;
  }

  #count() {
    this.tally.read(this.kitchen.log);
    this.tally.advance(this.kitchen.now);
  }
}

/**
 * Run a workload until orders are no longer followed.
 * @param {Source} source @param {Workload} workload
 * @returns {Whole}
 */
function wholeOf(source, workload) {
  const kitchen = new Kitchen(workload);
  kitchen.run();
  const end = source.end ?? kitchen.end;
  const rows = kitchen.log.time.findLastIndex((time) => time <= end) + 1;
  const log = /** @type {Log} */ (
    Object.fromEntries(Object.entries(kitchen.log).map(([name, column]) => [name, column.slice(0, rows)]))
  );
  const atEnd = new Tally(source.first_number, source.warmup);
  atEnd.read(log);
  atEnd.advance(end);
  const followed = new Tally(source.first_number, source.warmup);
  followed.read(kitchen.log);
  const story = new Story(log, source.clock);
  return { log, end, fingerprint: fingerprint(log), story, atEnd, followed, last: kitchen.end };
}

/**
 * What happens at one instant happens in this order: initial bots, timeline, changes by hand, schedule, arrivals.
 * @param {Source} source @param {Change[]} changes
 * @returns {Workload}
 */
function workloadOf(source, changes) {
  /** @type {{ time: number, action: number, order: NewOrder | null }[]} */
  const crew = Array.from({ length: source.initial }, () => ({ time: 0, action: ADD_BOT, order: null }));
  let row = 0;
  const timeline = source.timeline.actions.map(([time, action]) => {
    const order = action === CREATE_ORDER ? orderOf(source.timeline, row) : null;
    if (order) row += 1;
    return { time, action, order };
  });
  const hand = changes.map(({ at, action, order }) => ({ time: at, action, order }));
  const before = [...crew, ...timeline, ...hand].sort((entry, other) => entry.time - other.time);
  const arrivals = source.arrivals.time.map((time, place) => ({
    time,
    action: CREATE_ORDER,
    order: orderOf(source.arrivals, place),
  }));
  const entries = [...before, ...scheduled(source, before), ...arrivals];
  entries.sort((entry, other) => entry.time - other.time);
  const orders = entries.flatMap(({ order }) => order ?? []);
  return {
    action_time: entries.map(({ time }) => time),
    action: entries.map(({ action }) => action),
    order_class: orders.map(({ order_class }) => order_class),
    service: orders.map(({ service }) => service),
    patience: orders.map(({ patience }) => patience),
    first_number: source.first_number,
    horizon: source.followed,
    rules: source.rules,
  };
}

/**
 * The changes of the crew that reach the schedule's targets. Bots that leave, and removals where none is, do not count.
 * @param {Source} source
 * @param {{ time: number, action: number }[]} before what changes the crew beside the schedule, in order of time
 */
function scheduled(source, before) {
  const entries = [];
  const others = before.filter(({ action }) => action !== CREATE_ORDER);
  let [size, place] = [0, 0];
  const steps = [...source.schedule].sort(([time], [other]) => time - other);
  for (const [time, target] of steps) {
    for (; place < others.length && others[place].time <= time; place += 1) {
      size = others[place].action === ADD_BOT ? size + 1 : Math.max(0, size - 1);
    }
    for (; size < target; size += 1) entries.push({ time, action: ADD_BOT, order: null });
    for (; size > target; size -= 1) entries.push({ time, action: REMOVE_BOT, order: null });
  }
  return entries;
}

/** @param {Orders} orders @param {number} row */
function orderOf({ order_class, service, patience }, row) {
  return { order_class: at(order_class, row), service: at(service, row), patience: at(patience, row) };
}

/** @param {number[] | number} column @param {number} row */
function at(column, row) {
  return typeof column === "number" ? column : (column[row] ?? NONE);
}

/**
 * Let a kitchen that has no clock of its own open at the present minute.
 * @param {Source} source
 */
function openNow(source) {
  const time = new Date();
  source.clock = { start: time.getHours() * HOUR + time.getMinutes() * MINUTE, day: null };
  source.yaml.text += `clock: {start: "${reading(source.clock, 0)}"}\n`;
}

export { openNow, Session };
