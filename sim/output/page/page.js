/** The page: it opens a run, two of them side by side, or a kitchen whose clock runs, and hears what is pressed. */

import { KitchenView } from "./areas.js";
// biome-ignore format: by what they are
import {
  ADD_BOT, CREATE_ORDER, REMOVE_BOT, NORMAL, VIP, CREATED, PICKED_UP, RETURNED, ABANDONED,
} from "./contract.js";
import { fill, find, make, write } from "./dom.js";
import { figuresOf } from "./figures.js";
import { Player, SPEEDS, speedFor } from "./player.js";
import { scenarioText } from "./saving.js";
import { Session } from "./session.js";
import { CLASS_NAMES } from "./story.js";
import { drawTimeline } from "./timeline.js";
import { DAY, dayText, glanceText, HOUR, instantText, MINUTE, parseInstant, reading } from "./words.js";

/** @typedef {import("./session.js").Source} Source */
/** @typedef {import("./session.js").Asked} Asked */
/** @typedef {import("./session.js").Change} Change */

const MOST_CHIPS = 3; // of a live kitchen, where more and more is done by hand
const MOST_BOTS = 10_000; // that a scenario may have
const [SHORTEST, JUMP] = [MINUTE, 20]; // of a live timeline; the part of it by which PgUp and PgDn go on

class Page {
  #taken = [0, 0]; // how many orders by hand each class has taken
  #extent = 0;

  /** @param {{ kind: "replay" | "live" | "compare", sources: Source[] }} data */
  constructor({ kind, sources }) {
    this.isLive = kind === "live";
    this.isChangeable = kind !== "compare";
    this.sessions = sources.map((source) => new Session(source));
    this.clock = sources[0].clock;
    const options = { withWhole: !this.isLive, withLog: this.isChangeable };
    this.views = this.sessions.map((session, place) => {
      const { name, facts } = session.source;
      const title = this.isChangeable ? "" : `${"AB"[place]}: ${[name, ...facts].join(" · ")}`;
      return new KitchenView(find(document, "#kitchens"), session, { ...options, title });
    });
    this.canvases = this.sessions.map(() => {
      const canvas = document.createElement("canvas");
      find(document, "#charts").append(canvas);
      return canvas;
    });
    this.slider = /** @type {HTMLInputElement} */ (find(document, "#slider"));
    this.player = new Player(
      () => this.now,
      (time) => this.show(time),
      (isPlaying) => this.#showPlaying(isPlaying),
    );
    document.body.classList.add(kind);
    this.#showHead(sources);
    this.#showAsked(sources.flatMap(({ asked }) => asked));
    this.#listen();
    this.#showChanges();
  }

  get now() {
    return this.sessions[0].now;
  }

  /** Until when there is something to see. */
  get end() {
    if (this.isLive && this.sessions[0].source.end === null) return Number.MAX_SAFE_INTEGER;
    return Math.max(...this.sessions.map((session) => session.end));
  }

  /** @param {Source[]} sources */
  #showHead(sources) {
    const [source] = sources;
    const name = sources.map((each) => each.name).join(" and ");
    document.title = this.isLive ? `${name}, live` : name;
    write(find(document, "#name"), name);
    write(find(document, "#description"), this.isChangeable ? source.description : "");
    write(find(document, "#facts"), this.isChangeable ? source.facts.join(" · ") : "the same customers, one clock");
    find(document, "#orders").hidden = !this.isLive;
    find(document, "#order-letters").hidden = !this.isLive;
    find(document, "#expecting").hidden = !this.isLive;
    for (const id of ["crew", "letters", "save", "changes"]) find(document, `#${id}`).hidden = !this.isChangeable;
    const speed = find(document, "#speed");
    for (const [times, label] of SPEEDS) {
      const option = /** @type {HTMLOptionElement} */ (make("option", "", `${label}`));
      option.value = `${times}`;
      speed.append(option);
    }
    this.player.speed = this.isLive ? 1 : speedFor(this.end);
    /** @type {HTMLSelectElement} */ (speed).value = `${this.player.speed}`;
  }

  /** Say whether this is the run that Python made. */
  #showBadge() {
    const badge = find(document, "#badge");
    const prints = this.sessions.map(({ whole }) => whole.fingerprint);
    const same = this.sessions.every(({ source, original }) =>
      [null, original.fingerprint].includes(source.fingerprint),
    );
    const isChanged = this.sessions.some((session) => session.isChanged);
    badge.className = same ? "same" : "other";
    badge.classList.toggle("changed", this.isLive || isChanged);
    if (!same) write(badge, `✗ not the run that Python made: ${prints.join(", ")}`);
    else if (this.isLive || isChanged)
      write(badge, `fingerprint ${prints[0]}${this.isLive ? "" : ", changed by hand"}`);
    else write(badge, `✓ same run as in Python: ${prints.join(", ")}`);
  }

  /** @param {Asked[]} asked */
  #showAsked(asked) {
    const failed = asked.filter(({ held }) => !held);
    const details = /** @type {HTMLDetailsElement} */ (find(document, "#asked"));
    details.hidden = !asked.length;
    details.open = failed.length > 0;
    details.classList.toggle("failed", failed.length > 0);
    const number = `${asked.length - failed.length} of ${asked.length}`;
    write(
      find(details, "summary"),
      `${number} ${asked.length === 1 ? "thing" : "things"} that the file asks for hold in this run`,
    );
    fill(find(details, "ul"), [...failed, ...asked.filter(({ held }) => held)], "fact", (item, entry) => {
      item.className = entry.held ? "held" : "failed";
      const link = /** @type {HTMLAnchorElement} */ (find(item, "a"));
      write(link, entry.held ? `✓ ${entry.asked}: ${entry.got}` : `✗ ${entry.asked}: got ${entry.got}`);
      if (entry.at === null) link.removeAttribute("href");
      link.onclick = () => {
        if (entry.at === null) return false;
        this.choose(entry.order);
        this.#goTo(entry.at);
        return false; // in an iframe without an address, links lead away
      };
    });
  }

  // Time

  /**
   * Show another instant.
   * @param {number} time
   * @returns {boolean} whether there is more to come
   */
  show(time) {
    for (const session of this.sessions) session.seek(Math.min(time, this.end));
    this.draw();
    return time < this.end;
  }

  /** @param {number} time */
  #goTo(time) {
    this.show(Math.max(0, time));
    this.player.set();
    this.#writeAddress();
  }

  /** @param {number} direction 1 for the next thing, -1 for the last one */
  step(direction) {
    this.player.pause();
    const [first, ...others] = this.sessions;
    const rows = direction > 0 ? first.kitchen.log.time.length : Number.POSITIVE_INFINITY;
    if (direction > 0) first.step();
    else first.back();
    for (const session of others) session.seek(first.now);
    this.draw();
    this.#speakOf(rows);
    this.#writeAddress();
  }

  /**
   * Tell who listens what happened.
   * @param {number} rows of the log that were told before
   */
  #speakOf(rows) {
    const { kitchen, whole } = this.sessions[0];
    const last = whole.story.linesOf(kitchen.log.time.length);
    const first = Math.max(Math.min(whole.story.linesOf(rows), last - 1), 0);
    const lines = Array.from({ length: last - first }, (_, place) => whole.story.text(first + place));
    write(find(document, "#spoken"), lines.join(". "));
  }

  /** @param {number | null} order */
  choose(order) {
    for (const view of this.views) view.choose(order);
  }

  // What is done by hand

  /** @param {number} action @param {number} [orderClass] */
  act(action, orderClass = NORMAL) {
    const [session] = this.sessions;
    if (action === ADD_BOT && session.tally.bots >= MOST_BOTS) return;
    if (this.player.isPlaying) this.player.catchUp();
    const numbers = session.source.by_hand[orderClass];
    const place = this.#taken[orderClass];
    const order = action === CREATE_ORDER && {
      order_class: orderClass,
      service: numbers.service[place % numbers.service.length],
      patience: numbers.patience,
    };
    if (order) this.#taken[orderClass] += 1;
    const rows = session.kitchen.log.time.length;
    session.change(action, order || null);
    this.#changed();
    this.#speakOf(rows);
  }

  #changed() {
    this.player.set();
    this.#extent = 0;
    this.#showChanges();
    this.draw();
  }

  #showChanges() {
    const [session] = this.sessions;
    const changes = this.isLive ? session.changes.slice(-MOST_CHIPS) : session.changes;
    fill(find(document, "#changes"), changes, "change", (chip, change) => {
      const button = /** @type {HTMLButtonElement} */ (find(chip, "button"));
      const text = `${dayText(this.clock, change.at)} ${reading(this.clock, change.at)} ${changeText(change)}`.trim();
      write(button, `${text} ×`);
      button.setAttribute("aria-label", `Take back: ${text}`);
      button.onclick = () => {
        session.takeBack(change);
        this.#changed();
      };
    });
    this.#showBadge();
    const difference = find(document, "#difference");
    difference.hidden = this.isLive || !session.isChanged;
    if (!difference.hidden) write(difference, differenceText(session));
  }

  // What is drawn

  draw() {
    for (const view of this.views) view.draw();
    this.#drawTimeline();
    write(find(document, "#clock"), reading(this.clock, this.now));
    write(find(document, "#day"), dayText(this.clock, this.now));
    if (!this.player.isPlaying) {
      const { tally, kitchen } = this.sessions[0];
      const text = `${kitchen.pending.length} PENDING, ${tally.busy} of ${tally.bots} bots at work`;
      this.slider.setAttribute("aria-valuetext", `${reading(this.clock, this.now)}, ${text}`);
    }
  }

  #drawTimeline() {
    const wanted = this.isLive ? liveExtent(this.now, this.sessions[0].source.end) : Math.max(this.end, 1);
    if (wanted !== this.#extent) {
      this.#extent = wanted;
      this.slider.max = `${wanted}`;
      this.sessions.forEach((session, place) => {
        drawTimeline(this.canvases[place], {
          log: session.whole.log,
          end: Math.min(session.source.end ?? wanted, wanted),
          former: session.isChanged && !this.isLive ? session.original.log : null,
          clock: this.clock,
          extent: wanted,
          changes: this.isLive ? [] : session.changes.map(({ at }) => at),
          failures: session.source.asked.flatMap(({ held, at }) => (held || at === null ? [] : [at])),
        });
      });
    }
    this.slider.value = `${this.now}`;
    this.slider.style.setProperty("--part", `${(100 * this.now) / wanted}%`);
  }

  /** @param {boolean} isPlaying */
  #showPlaying(isPlaying) {
    write(find(document, "#play"), isPlaying ? "Pause" : "Play");
    document.body.classList.toggle("playing", isPlaying);
    if (isPlaying) return;
    this.draw();
    this.#writeAddress();
  }

  // What is pressed, and the address

  #listen() {
    const press = (/** @type {string} */ id, /** @type {() => void} */ act) => {
      find(document, `#${id}`).onclick = act;
    };
    press("play", () => this.#playOrPause());
    press("start", () => this.#goTo(0));
    press("step", () => this.step(1));
    press("back", () => this.step(-1));
    press("add", () => this.act(ADD_BOT));
    press("remove", () => this.act(REMOVE_BOT));
    press("normal", () => this.act(CREATE_ORDER, NORMAL));
    press("vip", () => this.act(CREATE_ORDER, VIP));
    listenToSaving(this.sessions[0]);
    const speed = /** @type {HTMLSelectElement} */ (find(document, "#speed"));
    speed.onchange = () => {
      this.player.speed = Number(speed.value);
    };
    this.slider.oninput = () => {
      this.show(Number(this.slider.value));
      this.player.set();
    };
    this.slider.onchange = () => this.#writeAddress();
    this.slider.onkeydown = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const act = this.#keys[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    };
    for (const { root } of this.views) {
      find(root, ".log ol").onclick = ({ target }) => {
        if (target instanceof HTMLElement && target.dataset.time) this.#goTo(Number(target.dataset.time));
      };
    }
    globalThis.addEventListener("hashchange", () => this.readAddress());
    const redraw = () => {
      this.#extent = 0;
      this.choose(this.views[0].chosen);
      this.draw();
    };
    new ResizeObserver(redraw).observe(find(document, "#track"));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  }

  /** @type {Record<string, () => void>} */
  #keys = {
    " ": () => this.#playOrPause(),
    ArrowRight: () => this.step(1),
    ArrowLeft: () => this.step(-1),
    PageUp: () => this.#goTo(this.now + Math.round(this.#extent / JUMP)),
    PageDown: () => this.#goTo(this.now - Math.round(this.#extent / JUMP)),
    "+": () => this.isChangeable && this.act(ADD_BOT),
    "-": () => this.isChangeable && this.act(REMOVE_BOT),
    n: () => this.isLive && this.act(CREATE_ORDER, NORMAL),
    v: () => this.isLive && this.act(CREATE_ORDER, VIP),
  };

  #playOrPause() {
    if (this.player.isPlaying) return this.player.pause();
    if (this.now >= this.end) this.show(0);
    return this.player.play();
  }

  /** Go where the address says: `#t=12:31:07`, or `#order=1163`, when that order comes. */
  readAddress() {
    const [, key, value] = /^#(t|order)=(.+)$/.exec(decodeURIComponent(location.hash)) ?? [];
    const { source, whole } = this.sessions[0];
    if (key === "t") {
      this.choose(null);
      const time = parseInstant(this.clock, value);
      if (time !== null) this.show(time);
      return time !== null;
    }
    const created = whole.atEnd.created[Number(value) - source.first_number];
    if (key !== "order" || created === undefined) return false;
    this.choose(Number(value));
    this.show(created);
    return true;
  }

  #writeAddress() {
    // A page inside of a notebook has no address.
    if (this.isLive || this.player.isPlaying || location.protocol === "about:") return;
    history.replaceState(null, "", `#t=${instantText(this.clock, this.now)}`);
  }
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
      ? `${changeText(first)} at ${instantText(session.source.clock, first.at)}`
      : `${session.changes.length} changes from ${instantText(session.source.clock, first.at)} on`;
  const parts = [NORMAL, VIP].map((orderClass) => {
    const [now, was] = [session.whole, session.original].map((whole) => figuresOf(session, whole, orderClass).p95);
    if (now === null || was === null) return `no ${CLASS_NAMES[orderClass]} orders`;
    if (now === was) return `${CLASS_NAMES[orderClass]} unchanged`;
    return `${CLASS_NAMES[orderClass]} ${glanceText(now)} in place of ${glanceText(was)}`;
  });
  return `${what}, the same customers: of 100 orders 95 wait at most this long: ${parts.join("; ")}.`;
}

/** @param {Session} session */
function listenToSaving(session) {
  const dialog = /** @type {HTMLDialogElement} */ (find(document, "#saving"));
  const yaml = /** @type {HTMLTextAreaElement} */ (find(document, "#yaml"));
  const expect = /** @type {HTMLInputElement} */ (find(document, "#expect"));
  const { yaml: parts } = session.source;
  const file = `${parts.name}.yaml`;
  const fillIn = () => {
    yaml.value = scenarioText(session, expect.checked);
    write(find(dialog, "#promised"), session.whole.fingerprint);
  };
  write(find(dialog, "#file"), file);
  write(find(dialog, "#command"), `sim run ${file}`);
  const beside = find(dialog, "#beside");
  beside.hidden = !parts.data.length;
  write(beside, `Put it beside its data: ${parts.data.join(", ")}.`);
  expect.onchange = fillIn;
  find(document, "#save").onclick = () => {
    fillIn();
    dialog.showModal();
  };
  find(dialog, "#close").onclick = () => dialog.close();
  find(dialog, "#copy").onclick = () => {
    yaml.select();
    document.execCommand("copy"); // also where a page from a file may not use the newer way
  };
  find(dialog, "#download").onclick = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([yaml.value], { type: "application/yaml" }));
    link.download = file;
    link.click();
    URL.revokeObjectURL(link.href);
  };
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

function main() {
  const data = JSON.parse(find(document, "#data").textContent ?? "");
  for (const source of data.sources) {
    if (source.clock === null) openNow(source);
  }
  const page = new Page(data);
  Object.assign(globalThis, { page }); // for who looks into it from a console, and for tests
  if (!page.readAddress()) page.show(page.isLive ? 0 : busiest(page.sessions[0].whole.log));
  if (page.isLive) page.player.play();
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

main();
