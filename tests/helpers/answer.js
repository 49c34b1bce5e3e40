// Answers each line of JSON, a workload and actions by hand, with one: the log that kitchen.js of a folder makes.

import { createInterface } from "node:readline";

const folder = process.argv[2];
const { Kitchen } = await import(`${folder}/kitchen.js`);
const { fingerprint } = await import(`${folder}/fingerprint.js`);
const contract = await import(`${folder}/contract.js`);

function act(kitchen, [time, action, order]) {
  kitchen.runUntil(time);
  if (action === contract.CREATE_ORDER) kitchen.addOrder(order);
  else if (action === contract.ADD_BOT) kitchen.addBot();
  else kitchen.removeBot();
}

function answer({ workload, by_hand }) {
  try {
    const kitchen = new Kitchen(workload);
    for (const action of by_hand) act(kitchen, action);
    kitchen.run();
    return { ...kitchen.log, end: kitchen.end, fingerprint: fingerprint(kitchen.log) };
  } catch (error) {
    return { error: String(error) };
  }
}

console.log(JSON.stringify(contract));
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(answer(JSON.parse(line))));
}
