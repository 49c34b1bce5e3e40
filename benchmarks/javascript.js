// Prints the milliseconds that kitchen.js takes for a workload, read from standard input, and for its fingerprint.

import { readFileSync } from "node:fs";
import { fingerprint } from "../sim/output/page/fingerprint.js";
import { Kitchen } from "../sim/output/page/kitchen.js";

const workload = JSON.parse(readFileSync(0, "utf8"));
const began = performance.now();
const kitchen = new Kitchen(workload);
kitchen.run();
const ran = performance.now();
fingerprint(kitchen.log);
console.log(JSON.stringify([ran - began, performance.now() - ran]));
