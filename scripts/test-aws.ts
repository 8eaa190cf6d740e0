/**
 * `npm run test:aws [-- <test files>]`: the tests that need AWS, on emulators. Installs what is missing, starts one S3
 * for all of them, runs them and stops it; each suite starts a DynamoDB of its own.
 */
import { installDynamoDbLocal } from "./emulators/dynamodb-local.ts";
import { runTests, step } from "./emulators/run-tests.ts";
import { installS3, s3EndpointVariable, startS3 } from "./emulators/s3.ts";

const allTests = ["test/aws/**/*.test.ts"];

const files = process.argv.slice(2);
await step("DynamoDB Local: install", installDynamoDbLocal, () => "is there");
await step("S3: install", installS3, (how) => how);
const s3 = await step("S3: start", startS3, ({ endpoint }) => endpoint);
try {
  const env = { [s3EndpointVariable]: s3.endpoint };
  process.exitCode = await runTests(files.length > 0 ? files : allTests, { concurrency: 2, timeoutMs: 600_000, env });
} finally {
  await s3.stop();
}
