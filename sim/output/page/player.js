/** The clock of a page: it stands, or goes on as fast as somebody wants, by the time of the machine. */

import { find, make } from "./dom.js";

const SPEEDS = [
  [1, "1×"],
  [10, "10×"],
  [60, "1 min/s"],
  [300, "5 min/s"],
  [1_800, "30 min/s"],
  [7_200, "2 h/s"],
  [43_200, "12 h/s"],
];
const WATCHED = 90; // seconds that a whole run takes at most, at first

class Player {
  isPlaying = false;
  #speed = 1;
  #began = 0; // when it was set going, in milliseconds of the machine
  #from = 0;

  /**
   * @param {() => number} now what the page shows
   * @param {(time: number) => boolean} show shows another time, and says whether there is more to come
   * @param {(isPlaying: boolean) => void} changed
   */
  constructor(now, show, changed) {
    this.now = now;
    this.show = show;
    this.changed = changed;
  }

  get speed() {
    return this.#speed;
  }

  set speed(times) {
    this.#speed = times;
    this.set();
  }

  /** Go on from the time that is shown. */
  set() {
    this.#began = performance.now();
    this.#from = this.now();
  }

  play() {
    this.isPlaying = true;
    this.set();
    this.changed(true);
    requestAnimationFrame(() => this.#tick());
  }

  pause() {
    if (!this.isPlaying) return;
    this.isPlaying = false;
    this.changed(false);
  }

  /**
   * Show the time that it is: a page that nobody saw for a while has no frames.
   * @returns {boolean} whether there is more to come
   */
  catchUp() {
    const passed = (performance.now() - this.#began) * 1000 * this.#speed;
    return this.show(Math.round(this.#from + passed));
  }

  #tick() {
    if (!this.isPlaying) return;
    if (this.catchUp()) requestAnimationFrame(() => this.#tick());
    else this.pause();
  }
}

/**
 * The lowest speed at which a run is over soon enough.
 * @param {number} end in microseconds
 */
function speedFor(end) {
  const [last] = SPEEDS[SPEEDS.length - 1];
  return Number((SPEEDS.find(([speed]) => end / 1e6 / Number(speed) <= WATCHED) ?? [last])[0]);
}

/**
 * Offer the speeds, and begin with that of the clock, or for a run with one at which it is over soon enough.
 * @param {Player} player
 * @param {number | null} end of a run, in microseconds
 */
function listenToSpeed(player, end) {
  const select = /** @type {HTMLSelectElement} */ (find(document, "#speed"));
  for (const [times, label] of SPEEDS) {
    const option = /** @type {HTMLOptionElement} */ (make("option", "", `${label}`));
    option.value = `${times}`;
    select.append(option);
  }
  player.speed = end === null ? 1 : speedFor(end);
  select.value = `${player.speed}`;
  select.onchange = () => {
    player.speed = Number(select.value);
  };
}

export { listenToSpeed, Player };
