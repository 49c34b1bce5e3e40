/** The page: it opens a run, two of them side by side, or a kitchen whose clock runs, and hears what is pressed. */

import { KitchenView } from "./areas.js";
import { showChanges } from "./changes.js";
import { ADD_BOT, CREATE_ORDER, NORMAL, REMOVE_BOT, VIP } from "./contract.js";
import { listenToSaving } from "./dialog.js";
import { find, write } from "./dom.js";
import { showAsked, showBadge, showHead } from "./head.js";
import { listenToSpeed, Player } from "./player.js";
import { openNow, Session } from "./session.js";
import { busiest, drawTimeline, liveExtent } from "./timeline.js";
import { dayText, instantText, parseInstant, reading } from "./words.js";

/** @typedef {import("./session.js").Source} Source */

const MOST_BOTS = 10_000; // that a scenario may have
const JUMP = 20; // the part of the timeline by which PgUp and PgDn go on

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
    showHead(sources, this);
    const asked = sources.flatMap((source) => source.asked);
    showAsked(asked, (time, order) => {
      this.choose(order);
      this.#goTo(time);
    });
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
    showBadge(this.sessions, this.isLive);
    showChanges(session, this.isLive, (change) => {
      session.takeBack(change);
      this.#changed();
    });
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
    listenToSpeed(this.player, this.isLive ? null : this.end);
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

main();
