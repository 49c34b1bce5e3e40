// Answers each line, the address of a folder and in JSON a workload and instants to stop at, with one of JSON: the log
// that kitchen.js of that folder makes. The first line is the contract of the folder that is named at the start.

import { createInterface } from "node:readline";

const contract = await import(`${process.argv[2]}/contract.js`);

async function answer(folder, { workload, stops }) {
  const { Kitchen } = await import(`${folder}/kitchen.js`);
  const { fingerprint } = await import(`${folder}/fingerprint.js`);
  try {
    const kitchen = new Kitchen(workload);
    for (const instant of stops) kitchen.runUntil(instant);
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
