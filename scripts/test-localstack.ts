/**
 * `npm run test:localstack [-- <test files>]`: deploys the stack to LocalStack, where its functions really run, and tests what answers. Installs what is
 * missing.
 */
import { installLocalstack, localstackEndpointVariable, startLocalstack } from "./emulators/localstack.ts";
import { runTests, step } from "./emulators/run-tests.ts";

const allTests = ["test/localstack/**/*.test.ts"];

const files = process.argv.slice(2);
await step("LocalStack: install", installLocalstack, (how) => how);
const localstack = await step("LocalStack: start", startLocalstack, ({ endpoint }) => endpoint);
try {
  const env = { [localstackEndpointVariable]: localstack.endpoint };
  process.exitCode = await runTests(files.length > 0 ? files : allTests, { concurrency: 1, timeoutMs: 900_000, env });
} finally {
  await localstack.stop();
}
