// Answers each line of JSON, a source of a page, changes by hand and instants, with what the page's modules make of it.

import { createInterface } from "node:readline";

const folder = process.argv[2];
const { Session } = await import(`${folder}/session.js`);
const { scenarioText } = await import(`${folder}/saving.js`);
const { figuresOf } = await import(`${folder}/figures.js`);

function areas(session, instant) {
  session.seek(instant);
  const { kitchen, tally } = session;
  return {
    pending: kitchen.pending.map(({ number }) => number),
    processing: kitchen.bots.map(({ number, order, leaving }) => [number, order?.number ?? null, leaving]),
    over: [tally.over.completed, tally.over.abandoned],
    waits: kitchen.pending.map(({ number }) => tally.waitOf(number - session.source.first_number, instant)),
  };
}

/** Go on thing by thing, then back again, and say how often we stood at another state. */
function steps(session, number) {
  session.seek(0);
  const rows = [];
  for (let step = 0; step < number; step += 1) {
    const before = session.steps;
    session.step();
    if (session.steps === before) break; // the run is over
    rows.push(session.kitchen.log.time.length);
  }
  let differing = 0;
  for (const row of rows.slice(0, -1).reverse()) {
    session.back();
    differing += session.kitchen.log.time.length === row ? 0 : 1;
  }
  return differing;
}

function answer({ source, changes, instants }) {
  const session = new Session(source);
  for (const [at, action, order] of changes) {
    session.seek(at);
    session.change(action, order);
  }
  const { whole } = session;
  return {
    fingerprint: whole.fingerprint,
    lines: Array.from({ length: whole.story.length }, (_, line) => whole.story.text(line)),
    figures: [0, 1].map((orderClass) => figuresOf(session, whole, orderClass)),
    utilisation: whole.atEnd.utilisation,
    areas: instants.map((instant) => areas(session, instant)),
    yaml: scenarioText(session),
    expecting: scenarioText(session, true),
    differing: steps(session, 40),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(answer(JSON.parse(line))));
}
