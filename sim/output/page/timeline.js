/** The timeline below the page: a lane for each bot, the queue, the former queue, and marks, on a canvas. */

import { ABANDONED, ADDED, COMPLETED, CREATED, NORMAL, PICKED_UP, REMOVED, RETURNED, VIP } from "./contract.js";
import { DAY, dayOf, HOUR, MINUTE, reading, SECOND } from "./words.js";

/** @typedef {import("./contract.js").Log} Log */

const MOST_LANES = 60;
const AXIS = 18; // pixels for the clock below
const GAP = 6; // pixels between lanes and queue
const SHORTEST = MINUTE; // that a live timeline reaches
const APART = 64; // pixels from one label to the next one, at least
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((number) => number * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((number) => number * MINUTE),
  ...[1, 2, 3, 6, 12].map((number) => number * HOUR),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].map((number) => number * DAY),
];

/**
 * What a timeline shows.
 * @typedef {object} Shown
 * @property {Log} log
 * @property {number} end of the log
 * @property {Log | null} former before it was changed
 * @property {import("./words.js").Clock} clock
 * @property {number} extent up to which time it reaches
 * @property {number[]} changes
 * @property {number[]} failures
 */

/** @param {HTMLCanvasElement} canvas @param {Shown} shown */
function drawTimeline(canvas, shown) {
  const { width, height } = canvas.getBoundingClientRect();
  const ratio = globalThis.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  if (!context || width === 0) return;
  context.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const colour = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  context.font = `11px ${style.fontFamily}`;
  const plot = { context, colour, width, height, x: (/** @type {number} */ time) => (time / shown.extent) * width };
  const bottom = height - AXIS;
  const queueHeight = Math.max(28, bottom * 0.42);
  drawLanes(plot, shown, bottom - queueHeight - GAP);
  drawQueue(plot, shown, bottom - queueHeight, queueHeight);
  drawAxis(plot, shown, bottom);
  drawMarks(plot, shown.changes, bottom, colour("ink"));
  drawMarks(plot, shown.failures, bottom, colour("late"));
}

/**
 * @typedef {object} Plot
 * @property {CanvasRenderingContext2D} context
 * @property {(name: string) => string} colour
 * @property {number} width
 * @property {number} height
 * @property {(time: number) => number} x
 */

/** @param {Plot} plot @param {Shown} shown @param {number} height */
function drawLanes({ context, colour, x }, { log, end }, height) {
  const { spans, attempts, lanes } = lanesOf(log, end);
  const step = Math.min(18, height / Math.max(1, Math.min(lanes, MOST_LANES)));
  const thickness = Math.max(1, step - Math.min(3, step / 3));
  const bar = (/** @type {Stretch} */ { lane, from, to }) => {
    if (lane < MOST_LANES) context.fillRect(x(from), lane * step, Math.max(0.5, x(to) - x(from)), thickness);
  };
  context.fillStyle = colour("lane");
  spans.forEach(bar);
  for (const [orderClass, name] of [
    [NORMAL, "normal"],
    [VIP, "vip"],
  ]) {
    context.fillStyle = colour(/** @type {string} */ (name));
    for (const attempt of attempts) if (attempt.orderClass === orderClass) bar(attempt);
  }
  if (lanes > MOST_LANES) label({ context, colour }, `${MOST_LANES} of ${lanes} lanes of bots`, 0);
}

/**
 * Write a text at the left, readable on whatever is drawn there.
 * @param {Pick<Plot, "context" | "colour">} plot @param {string} text @param {number} top
 */
function label({ context, colour }, text, top) {
  context.fillStyle = colour("muted");
  context.strokeStyle = colour("panel");
  context.lineWidth = 3;
  context.textBaseline = "top";
  context.strokeText(text, 2, top);
  context.fillText(text, 2, top);
  context.lineWidth = 1;
}

/** @typedef {{ lane: number, from: number, to: number, orderClass: number }} Stretch */

/**
 * When bots were there, and when they worked; a bot takes the lane of one that has left.
 * @param {Log} log @param {number} end
 */
function lanesOf(log, end) {
  /** @type {Map<number, { lane: number, added: number, began: number, orderClass: number }>} */
  const bots = new Map();
  const [spans, attempts] = [/** @type {Stretch[]} */ ([]), /** @type {Stretch[]} */ ([])];
  /** @type {boolean[]} */
  const taken = [];
  log.kind.forEach((kind, row) => {
    const time = log.time[row];
    const bot = bots.get(log.bot[row]);
    if (kind === ADDED) {
      const free = taken.indexOf(false);
      const lane = free < 0 ? taken.length : free;
      taken[lane] = true;
      bots.set(log.bot[row], { lane, added: time, began: -1, orderClass: NORMAL });
    } else if (!bot) {
      return;
    } else if (kind === PICKED_UP) {
      bot.began = time;
      bot.orderClass = log.order_class[row];
    } else if (kind === COMPLETED || kind === RETURNED) {
      attempts.push({ lane: bot.lane, from: bot.began, to: time, orderClass: bot.orderClass });
      bot.began = -1;
      if (kind === RETURNED) bots.delete(log.bot[row]);
    } else if (kind === REMOVED) {
      spans.push({ lane: bot.lane, from: bot.added, to: time, orderClass: NORMAL });
      taken[bot.lane] = false;
      if (bot.began < 0) bots.delete(log.bot[row]);
    }
  });
  for (const { lane, added, began, orderClass } of bots.values()) {
    spans.push({ lane, from: added, to: end, orderClass });
    if (began >= 0) attempts.push({ lane, from: began, to: end, orderClass });
  }
  return { spans, attempts, lanes: taken.length };
}

/** @param {Plot} plot @param {Shown} shown @param {number} top @param {number} height */
function drawQueue({ context, colour, width, x }, { log, former, end }, top, height) {
  const levels = queueOf(log, width, x, end);
  const before = former && queueOf(former, width, x, former.time.at(-1) ?? 0);
  const most = levels.all.reduce((high, level) => Math.max(high, level), 0);
  const highest = before ? before.all.reduce((high, level) => Math.max(high, level), most) : most;
  const scale = (height - 14) / Math.max(1, highest);
  const columns = (/** @type {number[]} */ column, /** @type {string} */ name) => {
    context.fillStyle = colour(name);
    column.forEach((level, pixel) => {
      if (level) context.fillRect(pixel, top + height - level * scale, 1, level * scale);
    });
  };
  columns(levels.all, "normal");
  columns(levels.vip, "vip");
  if (before) {
    context.strokeStyle = colour("ink");
    context.setLineDash([3, 2]);
    context.beginPath();
    before.all.forEach((level, pixel) => {
      context.lineTo(pixel, top + height - level * scale);
    });
    context.stroke();
    context.setLineDash([]);
  }
  const was = before ? `, was ${before.all.reduce((high, level) => Math.max(high, level), 0)}` : "";
  label({ context, colour }, `most PENDING ${most}${was}`, top);
}

/**
 * The highest queue in each pixel, of both classes and of VIPs.
 * @param {Log} log @param {number} width @param {(time: number) => number} x @param {number} end
 */
function queueOf(log, width, x, end) {
  const pixels = Math.ceil(width);
  const [all, vip] = [Array(pixels).fill(0), Array(pixels).fill(0)];
  const pending = [0, 0];
  let pixel = 0;
  const fillTo = (/** @type {number} */ time) => {
    const last = Math.min(pixels - 1, Math.floor(x(time)));
    for (; pixel < last; ) {
      pixel += 1;
      all[pixel] = pending[VIP] + pending[NORMAL];
      vip[pixel] = pending[VIP];
    }
  };
  log.kind.forEach((kind, row) => {
    let change = 0;
    if (kind === CREATED || kind === RETURNED) change = 1;
    else if (kind === PICKED_UP || kind === ABANDONED) change = -1;
    if (!change) return;
    fillTo(log.time[row]);
    pending[log.order_class[row]] += change;
    // An order that a bot takes at once was not waiting.
    if (log.time[row + 1] === log.time[row]) return;
    all[pixel] = Math.max(all[pixel], pending[VIP] + pending[NORMAL]);
    vip[pixel] = Math.max(vip[pixel], pending[VIP]);
  });
  fillTo(end);
  return { all, vip };
}

/** @param {Plot} plot @param {Shown} shown @param {number} bottom */
function drawAxis({ context, colour, width, x }, { clock, extent }, bottom) {
  const fits = Math.max(2, width / APART);
  const step = STEPS.find((candidate) => extent / candidate <= fits) ?? extent;
  context.fillStyle = colour("muted");
  context.textBaseline = "bottom";
  context.fillRect(0, bottom, width, 1);
  for (let time = step - ((clock.start + step) % step || step); time <= extent; time += step) {
    if (time < 0) continue;
    const text = step % DAY ? reading(clock, time).slice(0, step % MINUTE ? 8 : 5) : `day ${dayOf(clock, time)}`;
    const half = context.measureText(text).width / 2;
    context.fillRect(Math.min(x(time), width - 1), bottom, 1, 4);
    context.fillText(text, Math.min(Math.max(0, x(time) - half), width - 2 * half), bottom + AXIS);
  }
}

/** @param {Plot} plot @param {number[]} times @param {number} bottom @param {string} colour */
function drawMarks({ context, x }, times, bottom, colour) {
  context.fillStyle = colour;
  for (const time of times) {
    context.beginPath();
    context.moveTo(x(time), bottom - 9);
    context.lineTo(x(time) - 5, bottom);
    context.lineTo(x(time) + 5, bottom);
    context.fill();
  }
}

/**
 * How far a live timeline reaches: a round length that the clock has not come to yet.
 * @param {number} now @param {number | null} end
 */
function liveExtent(now, end) {
  const lengths = [SHORTEST, ...[2, 5, 10, 20, 30].map((minutes) => minutes * MINUTE), HOUR, 2 * HOUR, 6 * HOUR, DAY];
  const length = lengths.find((candidate) => now < candidate * 0.9) ?? Math.ceil(now / DAY + 0.5) * DAY;
  return end === null ? length : Math.min(length, end);
}

/**
 * The instant at which most orders are PENDING, where a run opens: there is something to see.
 * @param {import("./contract.js").Log} log
 */
function busiest({ time, kind }) {
  let [pending, most, instant] = [0, 0, 0];
  for (let row = 0; row < time.length; row += 1) {
    if (kind[row] === CREATED || kind[row] === RETURNED) pending += 1;
    else if (kind[row] === PICKED_UP || kind[row] === ABANDONED) pending -= 1;
    if (pending > most && time[row + 1] !== time[row]) [most, instant] = [pending, time[row]];
  }
  return instant;
}

export { busiest, drawTimeline, liveExtent };
