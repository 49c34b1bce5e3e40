// Answers each line, the address of a folder and in JSON a workload and actions by hand, with one of JSON: the log that
// kitchen.js of that folder makes. The first line is the contract of the folder that is named at the start.

import { createInterface } from "node:readline";

const contract = await import(`${process.argv[2]}/contract.js`);

function act(kitchen, [time, action, order]) {
  kitchen.runUntil(time);
  if (action === contract.CREATE_ORDER) kitchen.addOrder(order);
  else if (action === contract.ADD_BOT) kitchen.addBot();
  else kitchen.removeBot();
}

async function answer(folder, { workload, by_hand }) {
  const { Kitchen } = await import(`${folder}/kitchen.js`);
  const { fingerprint } = await import(`${folder}/fingerprint.js`);
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
  const space = line.indexOf(" ");
  console.log(JSON.stringify(await answer(line.slice(0, space), JSON.parse(line.slice(space)))));
}
