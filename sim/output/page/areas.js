/** One kitchen as it is at an instant: its numbers, PENDING, PROCESSING and COMPLETE, and the log. */

import { ABANDONED, COMPLETED, NORMAL, PENDING_AGAIN, VIP } from "./contract.js";
import { copyOf, fill, find, make, write } from "./dom.js";
import { figuresNow, figuresOf } from "./figures.js";
import { CLASS_NAMES } from "./story.js";
import { countText, durationText, glanceText, secondsOf, shareText } from "./words.js";

/** @typedef {import("./contract.js").Order} Order */
/** @typedef {import("./contract.js").Bot} Bot */
/** @typedef {import("./session.js").Session} Session */

/** @typedef {ReturnType<typeof figuresOf>} Figures */

const MOST = 60; // orders or bots in an area: more would be slow, and nobody reads them
const LINES = 40; // of the log, before and behind the present one

/** @type {{ title: string, text: (figures: Figures) => string }[]} */
const COLUMNS = [
  { title: "orders", text: ({ created }) => created.toLocaleString("en-GB") },
  { title: "PENDING", text: ({ pending }) => pending.toLocaleString("en-GB") },
  { title: "mean wait", text: ({ mean, meanIsBound }) => atLeast(mean, meanIsBound, glanceText) },
  { title: "wait p95", text: ({ p95, p95IsBound }) => atLeast(p95, p95IsBound, glanceText) },
];
const GAVE_UP = {
  title: "gave up",
  text: (/** @type {Figures} */ { abandoned }) => abandoned.toLocaleString("en-GB"),
};

class KitchenView {
  /** @type {number | null} */
  chosen = null;
  #numbers = /** @type {{ now: Element, whole: Element, column: (typeof COLUMNS)[0], orderClass: number }[]} */ ([]);
  /** @type {import("./session.js").Whole | null} */
  #whole = null; // of which numbers are written
  #lines = -1;
  /** @type {import("./story.js").Story | null} */
  #story = null;

  /**
   * @param {HTMLElement} parent
   * @param {Session} session
   * @param {{ withWhole: boolean, withLog: boolean, title: string }} options
   */
  constructor(parent, session, { withWhole, withLog, title }) {
    this.session = session;
    this.withWhole = withWhole;
    this.root = copyOf("kitchen");
    write(find(this.root, ".title"), title);
    find(this.root, ".title").hidden = !title;
    find(this.root, ".log").hidden = !withLog;
    for (const area of title ? this.root.querySelectorAll(".area") : []) {
      area.setAttribute("aria-label", `${area.getAttribute("aria-label")}, ${title}`);
    }
    this.#makeNumbers();
    parent.append(this.root);
  }

  #makeNumbers() {
    const { limits, arrivals, timeline, by_hand } = this.session.source;
    const columns = [...COLUMNS];
    if (limits.some((limit) => limit !== null)) {
      const texts = limits.map((limit) => (limit === null ? "–" : durationText(limit, 6)));
      columns.push({
        title: `within ${[...new Set(texts)].join(" / ")}`,
        text: ({ within, withinIsBound }) => atLeast(within, withinIsBound, shareText),
      });
    }
    const patience = [arrivals.patience, timeline.patience, ...by_hand.map((numbers) => numbers.patience)];
    if (patience.some((column) => [column].flat().some((time) => time >= 0))) columns.push(GAVE_UP);
    find(this.root, ".numbers").classList.toggle("many", columns.length > 5);
    const head = find(this.root, ".numbers thead tr");
    for (const { title } of columns) {
      const cell = /** @type {HTMLTableCellElement} */ (make("th", "", title));
      cell.scope = "col";
      head.append(cell);
    }
    for (const orderClass of [VIP, NORMAL]) {
      const row = find(this.root, `.numbers .${CLASS_NAMES[orderClass].toLowerCase()}-row`);
      for (const column of columns) {
        const cell = row.appendChild(make("td"));
        const now = cell.appendChild(make("b"));
        const small = cell.appendChild(make("small"));
        small.hidden = !this.withWhole;
        small.append(make("span", "of", "whole run "));
        const whole = small.appendChild(make("span"));
        this.#numbers.push({ now, whole, column, orderClass });
      }
    }
  }

  /** Show the kitchen of the session as it is now. */
  draw() {
    this.#drawNumbers();
    this.#drawPending();
    this.#drawBots();
    this.#drawComplete();
    if (!find(this.root, ".log").hidden) this.#drawLog();
  }

  #drawNumbers() {
    const { session } = this;
    const now = [VIP, NORMAL].map((orderClass) => figuresNow(session, orderClass));
    for (const number of this.#numbers) write(number.now, number.column.text(now[number.orderClass]));
    if (session.whole === this.#whole) return;
    this.#whole = session.whole;
    const whole = [VIP, NORMAL].map((orderClass) => figuresOf(session, session.whole, orderClass));
    const former = [VIP, NORMAL].map((orderClass) => figuresOf(session, session.original, orderClass));
    for (const number of this.#numbers) {
      const text = number.column.text(whole[number.orderClass]);
      const was = number.column.text(former[number.orderClass]);
      write(number.whole, text === was ? text : `${text} (was ${was})`);
      number.whole.classList.toggle("changed", text !== was);
    }
  }

  #drawPending() {
    const { kitchen } = this.session;
    const pending = kitchen.pending;
    write(find(this.root, ".pending .count"), pending.length.toLocaleString("en-GB"));
    for (const orderClass of [VIP, NORMAL]) {
      // By the class that they are served as: that is the order in which bots take them.
      const orders = pending.filter((order) => order.servedAs === orderClass);
      const area = find(this.root, `.pending .${CLASS_NAMES[orderClass].toLowerCase()}-orders`);
      write(find(area, ".count"), orders.length.toLocaleString("en-GB"));
      this.#fillOrders(area, orders.slice(0, MOST), orders.length, (row, order) => this.#showPending(row, order));
    }
  }

  /** @param {HTMLElement} row @param {Order} order */
  #showPending(row, order) {
    const wait = this.session.tally.waitOf(order.number - this.session.source.first_number, this.session.now);
    const limit = this.session.source.limits[order.orderClass];
    let remark = order.state === PENDING_AGAIN ? "returned" : "";
    if (order.servedAs !== order.orderClass) remark = "promoted";
    this.#showOrder(row, order.number, order.orderClass, secondsOf(wait), remark);
    row.classList.toggle("late", limit !== null && wait > limit);
  }

  /**
   * @param {HTMLElement} row @param {number} number @param {number} orderClass @param {string} time
   * @param {string} remark
   */
  #showOrder(row, number, orderClass, time, remark = "") {
    find(row, ".mark").className = `mark ${CLASS_NAMES[orderClass].toLowerCase()}`;
    write(find(row, ".number"), `${number}`);
    write(find(row, ".word"), remark ? `${CLASS_NAMES[orderClass]}, ${remark}` : CLASS_NAMES[orderClass]);
    write(find(row, ".time"), time);
    row.classList.toggle("remarked", remark !== "");
    row.classList.toggle("chosen", number === this.chosen);
  }

  /**
   * @template T
   * @param {HTMLElement} area @param {T[]} items @param {number} number how many there are
   * @param {(row: HTMLElement, item: T) => void} show
   */
  #fillOrders(area, items, number, show) {
    fill(find(area, "ol"), items, "order", show);
    write(find(area, ".more"), number > items.length ? `+ ${(number - items.length).toLocaleString("en-GB")}` : "");
  }

  #drawBots() {
    const { kitchen, tally } = this.session;
    const area = find(this.root, ".processing");
    write(find(area, ".count"), `${tally.busy} of ${countText(tally.bots, "bot")}`);
    write(find(area, ".utilisation"), tally.utilisation === null ? "" : `${shareText(tally.utilisation)} utilised`);
    fill(find(area, ".bots"), kitchen.bots.slice(0, MOST), "bot", (card, bot) => this.#showBot(card, bot));
    write(find(area, ".more"), kitchen.bots.length > MOST ? `+ ${kitchen.bots.length - MOST}` : "");
  }

  /** @param {HTMLElement} card @param {Bot} bot */
  #showBot(card, { number, order, began, leaving }) {
    write(find(card, ".name"), `Bot ${number}`);
    write(find(card, ".leaves"), leaving ? "leaves after this order" : "");
    card.classList.toggle("idle", !order);
    card.classList.toggle("chosen", order !== null && order.number === this.chosen);
    const part = order && order.need > 0 ? (this.session.now - began) / order.need : 0;
    find(card, ".bar i").style.width = `${100 * part}%`;
    find(card, ".mark").className = `mark ${order ? CLASS_NAMES[order.orderClass].toLowerCase() : "none"}`;
    find(card, ".bar").className = `bar ${order ? CLASS_NAMES[order.orderClass].toLowerCase() : ""}`;
    write(find(card, ".number"), order ? `${order.number}` : "IDLE");
    write(find(card, ".word"), order ? CLASS_NAMES[order.orderClass] : "");
    write(find(card, ".time"), order ? `${secondsOf(began + order.need - this.session.now)} left` : "");
  }

  #drawComplete() {
    const { kitchen, tally, source } = this.session;
    const { log } = kitchen;
    const rows = [];
    for (let row = log.kind.length - 1; row >= 0 && rows.length < MOST; row -= 1) {
      if (log.kind[row] === COMPLETED || log.kind[row] === ABANDONED) rows.push(row);
    }
    const area = find(this.root, ".complete");
    const over = tally.over;
    write(find(area, ".count"), over.completed.toLocaleString("en-GB"));
    write(find(area, ".gone"), over.abandoned ? `${over.abandoned.toLocaleString("en-GB")} ABANDONED` : "");
    this.#fillOrders(area, rows, over.completed + over.abandoned, (element, row) => {
      const isGone = log.kind[row] === ABANDONED;
      const flow = log.time[row] - tally.created[log.order[row] - source.first_number];
      this.#showOrder(element, log.order[row], log.order_class[row], secondsOf(flow), isGone ? "ABANDONED" : "");
      element.classList.toggle("late", isGone);
    });
  }

  #drawLog() {
    const { story } = this.session.whole;
    const lines = story.linesOf(this.session.kitchen.log.time.length);
    if (lines === this.#lines && story === this.#story) return;
    this.#lines = lines;
    this.#story = story;
    const area = find(this.root, ".log");
    write(find(area, ".count"), `line ${lines.toLocaleString("en-GB")} of ${story.length.toLocaleString("en-GB")}`);
    const first = Math.max(0, lines - LINES);
    const shown = Array.from({ length: Math.min(story.length, lines + LINES) - first }, (_, place) => first + place);
    const list = find(area, "ol");
    fill(list, shown, "line", (row, line) => {
      write(row, story.text(line));
      row.dataset.time = `${story.timeOf(line)}`;
      row.classList.toggle("later", line >= lines);
      row.classList.toggle("present", line === lines - 1);
      row.classList.toggle("chosen", this.chosen !== null && story.orderOf(line) === this.chosen);
    });
    const present = list.children[Math.max(0, lines - 1 - first)];
    if (!present) return;
    list.scrollTop += present.getBoundingClientRect().top - list.getBoundingClientRect().top - list.clientHeight * 0.55;
  }

  /**
   * Mark an order wherever it is.
   * @param {number | null} order
   */
  choose(order) {
    this.chosen = order;
    this.#lines = -1;
  }
}

/**
 * @param {number | null} value @param {boolean} isBound @param {(value: number) => string} text
 */
function atLeast(value, isBound, text) {
  if (value === null) return "–";
  return `${isBound ? "≥ " : ""}${text(Math.round(value * 1e6) / 1e6)}`;
}

export { KitchenView };
