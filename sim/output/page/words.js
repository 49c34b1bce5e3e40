/**
 * Times and numbers in words, as sim/units.py and sim/output/wording.py write them: durations, what the clock reads,
 * instants as scenario files have them, shares. Times are whole microseconds.
 */

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * What the clock reads at time 0: microseconds since midnight, and the date where there is one.
 * @typedef {{ start: number, day: string | null }} Clock
 */

/**
 * A duration such as 1h2m3.5s, rounded half up to so many decimals of a second.
 * @param {number} microseconds
 */
function durationText(microseconds, places = 3) {
  const grain = 10 ** (6 - places);
  const rounded = Math.floor((microseconds + Math.floor(grain / 2)) / grain) * grain;
  const hours = Math.floor(rounded / HOUR);
  const minutes = Math.floor((rounded % HOUR) / MINUTE);
  const text = (hours ? `${hours}h` : "") + (minutes ? `${minutes}m` : "");
  return rounded % MINUTE || !text ? `${text}${secondsText(rounded % MINUTE)}s` : text;
}

/**
 * A duration to be read at a glance: seconds to a tenth, whole from 100 on.
 * @param {number} microseconds
 */
function glanceText(microseconds) {
  return durationText(microseconds, microseconds >= 100 * SECOND ? 0 : 1);
}

/**
 * A duration that counts down or up: whole seconds, rounded down.
 * @param {number} microseconds
 */
function secondsOf(microseconds) {
  return durationText(microseconds - (microseconds % SECOND), 0);
}

/** @param {number} microseconds */
function secondsText(microseconds) {
  const fraction = `${microseconds % SECOND}`.padStart(6, "0").replace(/0+$/, "");
  return `${Math.floor(microseconds / SECOND)}${fraction && "."}${fraction}`;
}

/** @param {number} share */
function shareText(share) {
  return `${(share * 100).toFixed(1)}%`;
}

/** @param {number} number */
function twoDigits(number) {
  return `${number}`.padStart(2, "0");
}

/**
 * What the clock reads, HH:MM:SS, rounded down.
 * @param {Clock} clock @param {number} time
 */
function reading(clock, time) {
  const seconds = Math.floor((clock.start + time) / SECOND) % 86_400;
  return [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((part) => twoDigits(Math.floor(part))).join(":");
}

/**
 * On which day of the clock a time falls, from 1.
 * @param {Clock} clock @param {number} time
 */
function dayOf(clock, time) {
  return Math.floor((clock.start + time) / DAY) + 1;
}

/**
 * The date of a time, or the number of its day where it is not the first; empty where there is nothing to say.
 * @param {Clock} clock @param {number} time
 */
function dayText(clock, time) {
  const day = dayOf(clock, time);
  if (clock.day === null) return day === 1 ? "" : `day ${day}`;
  const date = new Date(`${clock.day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + day - 1);
  return date.toISOString().slice(0, 10);
}

/**
 * An instant to the microsecond as scenario files have it: what the clock reads on the first day, or else a duration
 * from the start.
 * @param {Clock} clock @param {number} time
 */
function instantText(clock, time) {
  if (clock.start + time >= DAY) return durationText(time, 6);
  const [, fraction] = secondsText(time + (clock.start % SECOND)).split(".");
  return reading(clock, time) + (fraction ? `.${fraction}` : "");
}

/**
 * The time of an instant: a clock time, before the start that of the next day, or a duration; null for anything else.
 * @param {Clock} clock @param {string} text
 */
function parseInstant(clock, text) {
  const onClock = /^(\d\d):(\d\d)(?::(\d\d(?:\.\d{1,6})?))?$/.exec(text);
  if (onClock) {
    const time = Number(onClock[1]) * HOUR + Number(onClock[2]) * MINUTE + Math.round(Number(onClock[3] ?? 0) * SECOND);
    return (time - clock.start + DAY) % DAY;
  }
  const parts = /^(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d{1,6})?)s)?$/.exec(text);
  if (!parts) return null;
  const [days, hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0));
  return days * DAY + hours * HOUR + minutes * MINUTE + Math.round(seconds * SECOND);
}

/** @param {number} number @param {string} name */
function countText(number, name) {
  return `${number.toLocaleString("en-GB")} ${name}${number === 1 ? "" : "s"}`;
}

// biome-ignore format: by what they are
export {
  SECOND, MINUTE, HOUR, DAY,
  durationText, glanceText, secondsOf, shareText, countText, reading, dayOf, dayText, instantText, parseInstant,
};
