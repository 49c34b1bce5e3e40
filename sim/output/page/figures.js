/** The numbers of a class: so far, and of a whole run. */

/** @typedef {import("./session.js").Session} Session */

/**
 * Counts and waits of a class so far; service levels are of the orders whose fate is known.
 * @param {Session} session @param {number} orderClass
 */
function figuresNow({ tally, now, source }, orderClass) {
  const waits = tally.waits(orderClass, now, source.limits[orderClass], { ofKnown: true });
  // So far all times are so far: a sign of that before each of them would say nothing.
  return { ...tally.counts(orderClass), ...waits, orderClass, meanIsBound: false, p95IsBound: false };
}

/**
 * Counts at the end of a run, and waits as metrics.json has them: orders are followed behind the end.
 * @param {Session} session @param {import("./session.js").Whole} whole @param {number} orderClass
 */
function figuresOf({ source }, { atEnd, followed, last }, orderClass) {
  const isFollowed = source.end !== null && source.followed !== source.end;
  const scope = { orders: atEnd.created.length, isFollowed };
  const waits = followed.waits(orderClass, last, source.limits[orderClass], scope);
  return { ...atEnd.counts(orderClass), ...waits, orderClass };
}

export { figuresNow, figuresOf };
