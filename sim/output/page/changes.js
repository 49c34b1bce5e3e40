/** The changes by hand, and the difference that they make. */

import { ADD_BOT, CREATE_ORDER, NORMAL, VIP } from "./contract.js";
import { fill, find, write } from "./dom.js";
import { figuresOf } from "./figures.js";
import { CLASS_NAMES } from "./story.js";
import { dayText, glanceText, reading } from "./words.js";

/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./session.js").Change} Change */

const MOST_CHIPS = 3; // of a live kitchen, where more and more is done by hand

/**
 * Show each change with a button that takes it back, and what all of them come to.
 * @param {Session} session
 * @param {boolean} isLive
 * @param {(change: Change) => void} takeBack
 */
function showChanges(session, isLive, takeBack) {
  const { clock } = session.source;
  const changes = isLive ? session.changes.slice(-MOST_CHIPS) : session.changes;
  const list = find(document, "#changes");
  fill(list, changes, "change", (chip, change) => {
    const button = /** @type {HTMLButtonElement} */ (find(chip, "button"));
    const text = `${when(clock, change.at)} ${changeText(change)}`;
    write(button, `${text} ×`);
    button.setAttribute("aria-label", `Take back: ${text}`);
    button.onclick = () => takeBack(change);
  });
  list.scrollLeft = list.scrollWidth; // on a phone they stand in one row, of which the newest is to be seen
  const difference = find(document, "#difference");
  difference.hidden = isLive || !session.isChanged;
  if (!difference.hidden) write(difference, differenceText(session));
}

/** @param {import("./words.js").Clock} clock @param {number} time */
function when(clock, time) {
  return `${dayText(clock, time)} ${reading(clock, time)}`.trim();
}

/** @param {Change} change */
function changeText({ action, order }) {
  if (action === CREATE_ORDER && order) return `New ${CLASS_NAMES[order.order_class]} order`;
  return action === ADD_BOT ? "+ Bot" : "− Bot";
}

/**
 * What the changes come to, in one sentence.
 * @param {Session} session
 */
function differenceText(session) {
  const [first] = session.changes;
  const what =
    session.changes.length === 1
      ? `${changeText(first)} at ${when(session.source.clock, first.at)}`
      : `${session.changes.length} changes from ${when(session.source.clock, first.at)} on`;
  const parts = [NORMAL, VIP].map((orderClass) => {
    const [now, was] = [session.whole, session.original].map((whole) => figuresOf(session, whole, orderClass).p95);
    if (now === null || was === null) return `no ${CLASS_NAMES[orderClass]} orders`;
    if (now === was) return `${CLASS_NAMES[orderClass]} unchanged`;
    return `${CLASS_NAMES[orderClass]} ${glanceText(now)} instead of ${glanceText(was)}`;
  });
  return `${what}, the same customers. 95% of orders wait at most: ${parts.join("; ")}.`;
}

export { showChanges };
