#!/usr/bin/env node
// Plain JavaScript that every Node understands, so that an old one can say what to do.
import { existsSync } from "node:fs";

const nodeMajorMin = 24;
const major = Number(process.versions.node.split(".")[0]);
const source = new URL("../lib/cli/main.ts", import.meta.url);
const inClone = existsSync(source);

if (major < nodeMajorMin) {
  const advice = inClone
    ? "run it through npm, which uses the Node that the project brings: `npm ci`, then `npm start` or `npx stratalog`."
    : "install Node 24 or newer (https://nodejs.org) and run it again.";
  console.error(`stratalog needs Node ${nodeMajorMin} or newer, and this is Node ${process.versions.node}: ${advice}`);
  process.exitCode = 1;
} else {
  const { main } = await import(inClone ? source.href : new URL("../dist/lib/cli/main.js", import.meta.url).href);
  await main(process.argv.slice(2));
}
