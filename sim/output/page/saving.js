/** A session as a scenario file, which `sim run` runs to the same fingerprint. */

import { ADD_BOT, CREATE_ORDER } from "./contract.js";
import { CLASS_NAMES } from "./story.js";
import { durationText, instantText } from "./words.js";

/** @typedef {import("./session.js").Session} Session */

/**
 * The text of the file: the scenario as Python wrote it, its timeline, and behind it what was done by hand.
 * @param {Session} session
 * @param {boolean} withExpect also expect of each order what became of it until now
 */
function scenarioText(session, withExpect = false) {
  const { yaml } = session.source;
  const entries = [...yaml.timeline, ...session.changes.map((change) => entryText(session, change))];
  const timeline = entries.length ? `timeline:\n${entries.map((entry) => `  - ${entry}\n`).join("")}` : "";
  return yaml.text + timeline + (withExpect ? expectText(session) : "");
}

/** @param {Session} session @param {import("./session.js").Change} change */
function entryText({ source }, { at, action, order }) {
  const instant = JSON.stringify(instantText(source.clock, at));
  if (action !== CREATE_ORDER || !order) return `{at: ${instant}, ${action === ADD_BOT ? "add" : "remove"}_bots: 1}`;
  const { says_service } = source.by_hand[order.order_class];
  const service = says_service ? `, service: ${durationText(order.service, 6)}` : "";
  return `{at: ${instant}, order: ${CLASS_NAMES[order.order_class]}${service}}`;
}

/** @param {Session} session */
function expectText({ source, kitchen, now, whole }) {
  /** @type {Map<number, string>} */
  const ends = new Map();
  const { log } = kitchen;
  const instant = (/** @type {number} */ time) => JSON.stringify(instantText(source.clock, time));
  log.order.forEach((order, row) => {
    if (log.bot[row] >= 0) ends.set(order, `completed: ${instant(log.time[row])}, bot: ${log.bot[row]}`);
  });
  const at = instant(Math.min(now, whole.end));
  const lines = kitchen.orders.map(({ number, state }) => {
    const status = ["PENDING", "PROCESSING", "COMPLETE", "ABANDONED", "PENDING"][state];
    if (status === "COMPLETE") return `{order: ${number}, status: COMPLETE, ${ends.get(number)}}`;
    return `{order: ${number}, at: ${at}, status: ${status}}`;
  });
  return lines.length ? `expect:\n${lines.map((line) => `  - ${line}\n`).join("")}` : "";
}

export { scenarioText };
