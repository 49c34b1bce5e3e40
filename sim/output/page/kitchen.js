/**
 * The third engine: the rules of docs/rules.md in plain JavaScript, to be read beside sim/engines/reference.py.
 *
 * A page simulates with it. It makes the same log as the engines in Python, with the same fingerprint; but it can be
 * stopped at any instant or thing, looked at, and go on.
 *
 * What is due stands on one agenda, by instant, rank and turn; ranks are the tie rule of one instant. Whatever follows
 * from one thing is over when `next` returns. Times are whole microseconds: numbers are exact up to 2^53 - 1, which is
 * 285 years, and a run that comes to a later instant is refused.
 */

// biome-ignore format: by what they are
import {
  NONE, CREATE_ORDER, ADD_BOT, VIP, NORMAL,
  CREATED, PICKED_UP, COMPLETED, RETURNED, ABANDONED, PROMOTED, ADDED, IDLE, REMOVED, IGNORED,
  PENDING, PROCESSING, COMPLETE, GONE, PENDING_AGAIN, COMPLETION, ABANDONMENT, PROMOTION, ACTION, exact,
} from "./contract.js";
import { Heap } from "./heap.js";

/** @typedef {import("./contract.js").Workload} Workload */
/** @typedef {import("./contract.js").Log} Log */
/** @typedef {import("./contract.js").NewOrder} NewOrder */
/** @typedef {import("./contract.js").Order} Order */
/** @typedef {import("./contract.js").Bot} Bot */

/** The state of one run, and what changes it. */
class Kitchen {
  now = 0;
  /** @type {Order[]} by number: all that are created */
  orders = [];
  /** @type {Bot[]} by number: all that are there, also those that are leaving */
  bots = [];
  /** @type {Log} */
  log = { time: [], kind: [], order: [], order_class: [], bot: [] };

  /** @type {Heap<{ order: Order, place: number, turn: number }>[]} by the class that an order is served as */
  #pending = [VIP, NORMAL].map(() => new Heap((entry, other) => entry.place - other.place || entry.turn - other.turn));
  /** @type {Heap<Bot>} */
  #idle = new Heap((bot, other) => bot.turn - other.turn);
  /** @type {Heap<{ time: number, rank: number, turn: number, act: () => void, isDue: () => boolean }>} */
  #agenda = new Heap((due, other) => due.time - other.time || due.rank - other.rank || due.turn - other.turn);
  #added = 0;
  #turns = 0;

  #actions = 0; // how many of the workload are on the agenda or over
  #rows = 0; // how many of its orders have come

  /** @param {Workload} workload */
  constructor(workload) {
    this.workload = workload;
    this.rules = workload.rules;
    this.horizon = workload.horizon;
    if (this.horizon !== null) exact(this.horizon);
    this.#planNext();
  }

  /** When a run is over that has nothing more to do: at its horizon, or with its last event. */
  get end() {
    return this.horizon ?? this.log.time.at(-1) ?? 0;
  }

  /** The orders that are PENDING, in the order in which bots take them. */
  get pending() {
    return [VIP, NORMAL].flatMap((orderClass) =>
      this.#pending[orderClass].sorted
        .map(({ order }) => order)
        .filter(({ state, servedAs }) => state !== GONE && servedAs === orderClass),
    );
  }

  /**
   * Carry out the next thing that is due until the horizon, with all that follows from it.
   * @param {number} until look no further than this instant
   * @returns {boolean} whether there was one
   */
  next(until = Number.POSITIVE_INFINITY) {
    let first = this.#agenda.first;
    while (first && !first.isDue()) {
      this.#agenda.pop();
      first = this.#agenda.first;
    }
    if (!first || first.time > Math.min(until, this.horizon ?? until)) return false;
    this.now = exact(first.time);
    this.#agenda.pop();
    first.act();
    return true;
  }

  /** Carry out all that is due, to the horizon or until nothing is left to happen. */
  run() {
    while (this.next());
  }

  /**
   * Carry out all that is due until an instant, and at it, but nothing behind the horizon; then it is that instant.
   * @param {number} instant
   */
  runUntil(instant) {
    if (exact(instant) < this.now) throw new RangeError(`${instant} is over: it is ${this.now}`);
    while (this.next(instant));
    this.now = Math.min(instant, this.horizon ?? instant);
  }

  /** Put the next action of the workload on the agenda, which stays short so. */
  #planNext() {
    const place = this.#actions;
    if (place === this.workload.action.length) return;
    this.#actions += 1;
    this.#at(this.workload.action_time[place], ACTION, place, () => {
      this.#planNext();
      this.#carryOut(this.workload.action[place]);
    });
  }

  /** @param {number} action */
  #carryOut(action) {
    if (action === CREATE_ORDER) {
      const { order_class, service, patience } = this.workload;
      const row = this.#rows;
      this.#rows += 1;
      this.#create({ order_class: order_class[row], service: service[row], patience: patience[row] });
    } else if (action === ADD_BOT) {
      this.#add();
    } else {
      this.#remove();
    }
  }

  /**
   * Put on the agenda what is to happen, unless it is not due any more when its time comes.
   * @param {number} time
   * @param {number} rank
   * @param {number} turn among what is due at one instant with one rank
   * @param {() => void} act
   * @param {() => boolean} isDue
   */
  #at(time, rank, turn, act, isDue = () => true) {
    this.#agenda.push({ time, rank, turn, act, isDue });
  }

  #turn() {
    this.#turns += 1;
    return this.#turns;
  }

  /** @param {number} kind @param {Order | null} order @param {Bot | null} bot */
  #write(kind, order, bot) {
    this.log.time.push(this.now);
    this.log.kind.push(kind);
    this.log.order.push(order ? order.number : NONE);
    this.log.order_class.push(order ? order.orderClass : NONE);
    this.log.bot.push(bot ? bot.number : NONE);
  }

  /** @param {NewOrder} row */
  #create({ order_class, service, patience }) {
    const number = this.workload.first_number + this.orders.length;
    const state = PENDING;
    /** @type {Order} */
    const order = { number, state, orderClass: order_class, servedAs: order_class, need: service, created: this.now };
    this.orders.push(order);
    this.#write(CREATED, order, null);
    this.#toPending(order, order.number, 0);
    if (patience !== NONE) {
      const isDue = () => order.state === PENDING;
      this.#at(this.now + patience, ABANDONMENT, order.number, () => this.#abandon(order), isDue);
    }
    this.#awaitPromotion(order);
  }

  /** @param {Order} order */
  #abandon(order) {
    order.state = GONE; // it stays in the heap, where bots pass it by
    this.#write(ABANDONED, order, null);
  }

  /**
   * Let a NORMAL order be promoted when it is old enough, or right after its return, if it is PENDING then.
   * @param {Order} order
   */
  #awaitPromotion(order) {
    const age = this.rules.promote_after;
    if (age === null || order.servedAs === VIP) return;
    const isDue = () => [PENDING, PENDING_AGAIN].includes(order.state) && order.servedAs === NORMAL;
    const time = Math.max(order.created + age, this.now);
    this.#at(time, PROMOTION, order.number, () => this.#promote(order), isDue);
  }

  /** @param {Order} order */
  #promote(order) {
    order.servedAs = VIP; // it stays among the NORMAL ones too, where bots pass it by
    this.#pending[VIP].push({ order, place: order.number, turn: 0 });
    this.#write(PROMOTED, order, null);
  }

  #add() {
    this.#added += 1;
    /** @type {Bot} */
    const bot = { number: this.#added, order: null, began: NONE, turn: NONE, leaving: false, gone: false };
    this.bots.push(bot);
    this.#write(ADDED, null, bot);
    this.#free(bot);
  }

  #remove() {
    const bot = this.bots.filter((candidate) => !candidate.leaving).at(-1);
    if (!bot) {
      this.#write(IGNORED, null, null);
    } else if (bot.order && this.rules.on_remove === "finish") {
      bot.leaving = true;
    } else {
      this.#leave(bot);
      if (bot.order) this.#return(bot.order, bot);
    }
  }

  /** @param {Bot} bot */
  #leave(bot) {
    bot.gone = true;
    this.bots.splice(this.bots.indexOf(bot), 1);
    this.#write(REMOVED, null, bot);
  }

  /** @param {Order} order @param {Bot} bot */
  #return(order, bot) {
    if (this.rules.on_remove === "resume") order.need -= this.now - bot.began;
    order.state = PENDING_AGAIN;
    this.#write(RETURNED, order, bot);
    if (this.rules.returned_to === "front") {
      this.#toPending(order, -1, -this.#turn()); // numbers are not below 0
    } else if (this.rules.returned_to === "back") {
      this.#toPending(order, this.orders[this.orders.length - 1].number, this.#turn());
    } else {
      this.#toPending(order, order.number, 0);
    }
    this.#awaitPromotion(order);
  }

  /**
   * Add an order to PENDING; an idle bot, if there is one, takes it at once.
   * @param {Order} order
   * @param {number} place in its class: by default its number
   * @param {number} turn among those of one place
   */
  #toPending(order, place, turn) {
    let bot = this.#idle.pop();
    while (bot?.gone) bot = this.#idle.pop();
    if (bot) this.#pickUp(bot, order);
    else this.#pending[order.servedAs].push({ order, place, turn });
  }

  /**
   * Let a bot take the head of PENDING, VIP before NORMAL, or go idle.
   * @param {Bot} bot
   */
  #free(bot) {
    const order = this.#head(VIP) ?? this.#head(NORMAL);
    if (order) {
      this.#pickUp(bot, order);
    } else {
      this.#write(IDLE, null, bot);
      bot.turn = this.rules.dispatch === "longest-idle" ? this.#turn() : bot.number;
      this.#idle.push(bot);
    }
  }

  /**
   * Take the first order that is served as such a class out of PENDING.
   * @param {number} orderClass
   */
  #head(orderClass) {
    let order = this.#pending[orderClass].pop()?.order;
    while (order && (order.state === GONE || order.servedAs !== orderClass)) {
      order = this.#pending[orderClass].pop()?.order;
    }
    return order;
  }

  /** @param {Bot} bot @param {Order} order */
  #pickUp(bot, order) {
    [bot.order, bot.began, order.state] = [order, this.now, PROCESSING];
    this.#write(PICKED_UP, order, bot);
    const isDue = () => !bot.gone;
    this.#at(this.now + order.need, COMPLETION, this.#turn(), () => this.#complete(order, bot), isDue);
  }

  /** @param {Order} order @param {Bot} bot */
  #complete(order, bot) {
    [bot.order, order.state] = [null, COMPLETE];
    this.#write(COMPLETED, order, bot);
    if (bot.leaving) this.#leave(bot);
    else this.#free(bot);
  }
}

export { Kitchen };
