/**
 * `npm run test:aws [-- <test files>]`: the tests that need AWS, on emulators. Installs what is missing, starts one S3
 * for all of them, runs them and stops it; each suite starts a DynamoDB of its own.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { installDynamoDbLocal } from "./emulators/dynamodb-local.ts";
import { installS3, s3EndpointVariable, startS3 } from "./emulators/s3.ts";

const allTests = ["test/aws/**/*.test.ts"];
const signals = ["SIGINT", "SIGTERM"] as const;

async function step<T>(name: string, work: () => Promise<T>, say: (result: T) => string): Promise<T> {
  const started = performance.now();
  console.log(`${name} ...`);
  const result = await work();
  console.log(`${name}: ${say(result)} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  return result;
}

/** @returns the exit code of the tests */
async function test(files: readonly string[], s3Endpoint: string): Promise<number> {
  const options = ["--test", "--test-reporter=spec", "--test-concurrency=2", "--test-timeout=600000"];
  const child = spawn(process.execPath, [...options, ...files], {
    stdio: "inherit",
    env: { ...process.env, [s3EndpointVariable]: s3Endpoint },
  });
  // The runner ends its tests on a signal; this process then stops the emulators and ends as the runner did.
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of signals) process.once(signal, pass);
  await once(child, "close");
  for (const signal of signals) process.off(signal, pass);
  return child.exitCode ?? 128 + (child.signalCode === null ? 0 : constants.signals[child.signalCode]);
}

const files = process.argv.slice(2);
await step("DynamoDB Local: install", installDynamoDbLocal, () => "is there");
await step("S3: install", installS3, (how) => how);
const s3 = await step("S3: start", startS3, ({ endpoint }) => endpoint);
try {
  process.exitCode = await test(files.length > 0 ? files : allTests, s3.endpoint);
} finally {
  await s3.stop();
}
