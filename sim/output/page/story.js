/** The lines of result.txt, each made when it is looked at, as sim/output/text.py makes them. */

// biome-ignore format: by what they are
import {
  CREATED, PICKED_UP, COMPLETED, RETURNED, ABANDONED, PROMOTED, ADDED, IDLE, REMOVED,
} from "./contract.js";
import { dayOf, durationText, reading } from "./words.js";

/** @typedef {import("./contract.js").Log} Log */

const CLASS_NAMES = ["VIP", "NORMAL"];
const WHILE_IDLE = 1;

class Story {
  /** @type {number[]} for each line the row of the log that it tells of; of a midnight, -1 minus the row behind it */
  #lines = [];
  /** @type {number[]} for each row how long its attempt or its wait took; of a removal, whether the bot was IDLE */
  #facts = [];

  /** @param {Log} log @param {import("./words.js").Clock} clock */
  constructor(log, clock) {
    this.log = log;
    this.clock = clock;
    /** @type {Map<number, number>} */
    const pickedUp = new Map();
    /** @type {Map<number, number>} */
    const created = new Map();
    const idle = new Set();
    let day = 1;
    for (let row = 0; row < log.time.length; row += 1) {
      const [time, kind, order, bot] = [log.time[row], log.kind[row], log.order[row], log.bot[row]];
      let fact = 0;
      if (kind === CREATED) created.set(order, time);
      else if (kind === PICKED_UP) {
        pickedUp.set(bot, time);
        idle.delete(bot);
      } else if (kind === COMPLETED) fact = time - (pickedUp.get(bot) ?? time);
      else if (kind === ABANDONED) fact = time - (created.get(order) ?? time);
      else if (kind === IDLE) idle.add(bot);
      else if (kind === REMOVED && idle.has(bot)) fact = WHILE_IDLE;
      this.#facts.push(fact);
      // The removal of a busy bot and the return of its order are one line.
      if (kind === REMOVED && log.kind[row + 1] === RETURNED) continue;
      if (dayOf(clock, time) !== day) {
        day = dayOf(clock, time);
        this.#lines.push(-1 - row);
      }
      this.#lines.push(row);
    }
  }

  /** How many lines there are. */
  get length() {
    return this.#lines.length;
  }

  /**
   * How many lines tell of the first rows of the log.
   * @param {number} rows
   */
  linesOf(rows) {
    let [low, high] = [0, this.#lines.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const line = this.#lines[middle];
      if ((line < 0 ? -1 - line : line) < rows) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** @param {number} line */
  timeOf(line) {
    const row = this.#lines[line];
    return this.log.time[row < 0 ? -1 - row : row];
  }

  /**
   * The order that a line is about, NONE where it is about none.
   * @param {number} line
   */
  orderOf(line) {
    return this.log.order[this.#lines[line]] ?? -1;
  }

  /** @param {number} line */
  text(line) {
    const row = this.#lines[line];
    if (row < 0) return `[00:00:00] Day ${dayOf(this.clock, this.log.time[-1 - row])}`;
    return `[${reading(this.clock, this.log.time[row])}] ${this.#words(row)}`;
  }

  /** @param {number} row */
  #words(row) {
    const order = `Order ${this.log.order[row]} (${CLASS_NAMES[this.log.order_class[row]]})`;
    const bot = `Bot ${this.log.bot[row]}`;
    const fact = this.#facts[row];
    switch (this.log.kind[row]) {
      case CREATED:
        return `${order} PENDING`;
      case PICKED_UP:
        return `${order} PROCESSING by ${bot}`;
      case COMPLETED:
        return `${order} COMPLETE by ${bot} after ${durationText(fact)}`;
      case RETURNED:
        return `${bot} removed; ${order} back to PENDING`;
      case ABANDONED:
        return `${order} ABANDONED after waiting ${durationText(fact)}`;
      case PROMOTED:
        return `${order} promoted: served as VIP`;
      case ADDED:
        return `${bot} added`;
      case IDLE:
        return `${bot} IDLE`;
      case REMOVED:
        return fact === WHILE_IDLE ? `${bot} removed while IDLE` : `${bot} removed`;
      default:
        return "No bot to remove";
    }
  }
}

export { CLASS_NAMES, Story };
