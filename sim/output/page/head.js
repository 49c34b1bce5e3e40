/** What stands above a kitchen: which run it is, whether it is the one of Python, and what the file asks for. */

import { fill, find, write } from "./dom.js";

/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./session.js").Source} Source */

/**
 * @param {Source[]} sources
 * @param {{ isLive: boolean, isChangeable: boolean }} kind
 */
function showHead(sources, { isLive, isChangeable }) {
  const [source] = sources;
  const name = sources.map((each) => each.name).join(" and ");
  document.title = isLive ? `${name}, live` : name;
  write(find(document, "#name"), name);
  write(find(document, "#description"), isChangeable ? source.description : "");
  write(find(document, "#facts"), isChangeable ? source.facts.join(" · ") : "the same customers, one clock");
  find(document, "#orders").hidden = !isLive;
  find(document, "#order-letters").hidden = !isLive;
  find(document, "#expecting").hidden = !isLive;
  for (const id of ["crew", "letters", "save", "changes"]) find(document, `#${id}`).hidden = !isChangeable;
}

/**
 * Say whether this is the run that Python made.
 * @param {Session[]} sessions @param {boolean} isLive
 */
function showBadge(sessions, isLive) {
  const badge = find(document, "#badge");
  const prints = sessions.map(({ whole }) => whole.fingerprint);
  const same = sessions.every(({ source, original }) => [null, original.fingerprint].includes(source.fingerprint));
  const isChanged = sessions.some((session) => session.isChanged);
  badge.className = same ? "same" : "other";
  badge.classList.toggle("changed", isLive || isChanged);
  if (!same) write(badge, `✗ differs from the run in Python: ${prints.join(", ")}`);
  else if (isLive || isChanged) write(badge, `fingerprint ${prints[0]}${isLive ? "" : ", changed by hand"}`);
  else write(badge, `✓ same run as in Python: ${prints.join(", ")}`);
}

/**
 * Show what the file asks for, what does not hold first.
 * @param {import("./session.js").Asked[]} asked
 * @param {(time: number, order: number | null) => void} goTo
 */
function showAsked(asked, goTo) {
  const failed = asked.filter(({ held }) => !held);
  const details = /** @type {HTMLDetailsElement} */ (find(document, "#asked"));
  details.hidden = !asked.length;
  details.open = failed.length > 0;
  details.classList.toggle("failed", failed.length > 0);
  const number = `${asked.length - failed.length} of ${asked.length}`;
  write(find(details, "summary"), `Expectations and thresholds that hold in this run: ${number}`);
  fill(find(details, "ul"), [...failed, ...asked.filter(({ held }) => held)], "fact", (item, entry) => {
    item.className = entry.held ? "held" : "failed";
    const link = /** @type {HTMLAnchorElement} */ (find(item, "a"));
    write(link, entry.held ? `✓ ${entry.asked}: ${entry.got}` : `✗ ${entry.asked}: got ${entry.got}`);
    if (entry.at === null) link.removeAttribute("href");
    link.onclick = () => {
      if (entry.at !== null) goTo(entry.at, entry.order);
      return false; // in an iframe without an address, links lead away
    };
  });
}

export { showAsked, showBadge, showHead };
