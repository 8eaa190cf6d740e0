/** `npm run fuzz [-- --inputs 200000] [--seed 1] [--json]`: bad input to the HTTP API, each with its check. */
import { parseArgs } from "node:util";
import { fuzzHttp } from "./fuzz/fuzzer.ts";

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "200000" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});
const inputs = Number(values.inputs);
const seed = Number(values.seed);
if (!Number.isSafeInteger(inputs) || inputs < 1 || !Number.isSafeInteger(seed)) {
  console.error("Give --inputs and --seed as integers, such as --inputs 200000 --seed 1.");
  process.exit(2);
}
const result = await fuzzHttp(inputs, seed);
for (const finding of result.findings) console.error(finding);
const metrics = [
  { name: "fuzzed inputs", value: result.inputs, unit: "inputs", target: 200_000, met: result.inputs >= 200_000 },
  { name: "findings", value: result.findings.length, unit: "findings", target: 0, met: result.findings.length === 0 },
];
if (values.json) console.log(JSON.stringify({ metrics }));
else console.log(`${result.inputs} inputs, ${result.accepted} accepted and read back, ${result.findings.length} findings (seed ${seed})`);
process.exitCode = result.findings.length === 0 ? 0 : 1;
