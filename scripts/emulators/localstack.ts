import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dockerRuns } from "./docker.ts";
import { type Emulator, startProgram } from "./emulator.ts";
import { installed, run } from "./install.ts";

const kit = fileURLToPath(new URL("../../test/localstack-host", import.meta.url));
const program = join(kit, "localstack-host");
const inDocker = fileURLToPath(new URL("localstack-in-docker.sh", import.meta.url));
/** What the installation is made from: a change of any of these makes another one. */
const inputs = ["localstack-host", "constraints.txt", "ddb/pom.xml", "plugin/pyproject.toml"].map((name) => join(kit, name));
const plugin = ["__init__.py", "custom_resources.py", "doors.py", "executor.py", "node-bootstrap.mjs", "plugins.py", "python_bootstrap.py"];

const installMsMax = 10 * 60_000;
const startMsMax = 120_000;
const pullMsMax = 10 * 60_000;

/** The environment variable that names a LocalStack to use instead of starting one: with Lambda, and the kit's plugin that checks signatures. */
export const localstackEndpointVariable = "STRATALOG_LOCALSTACK_ENDPOINT";

/** All of LocalStack, empty, on a free port of 127.0.0.1: in Docker where that runs, else as a process of this machine. */
export async function startLocalstack(): Promise<Emulator> {
  const given = givenEndpoint();
  if (given !== undefined) return { endpoint: given, stop: () => Promise.resolve() };
  const name = "LocalStack";
  if (await dockerRuns()) return startProgram({ name, command: "sh", args: [inDocker, join(kit, "plugin")], startMsMax: pullMsMax });
  const folder = await installOnHost();
  const environment = {
    LOCALSTACK_HOST_DIR: folder,
    LOCALSTACK_HOST_DATA: await mkdtemp(join(tmpdir(), "stratalog-localstack-")),
    LOCALSTACK_PORT: "0",
    LOCALSTACK_HOST_TIED: "1",
    LAMBDA_LOCAL_NODE: process.execPath,
    // Lambda's runtime has the SDK; functions that CDK brings rely on it.
    LAMBDA_LOCAL_NODE_MODULES: fileURLToPath(new URL("../../node_modules", import.meta.url)),
  };
  return startProgram({ name, command: program, args: ["run"], environment, startMsMax });
}

/** What is to be there before it is started. @returns in words what there is */
export async function installLocalstack(): Promise<string> {
  const given = givenEndpoint();
  if (given !== undefined) return `${localstackEndpointVariable} names ${given}`;
  if (await dockerRuns()) return "Docker brings it";
  await installOnHost();
  return "LocalStack without Docker is there";
}

function givenEndpoint(): string | undefined {
  const given = process.env[localstackEndpointVariable];
  return given === "" ? undefined : given;
}

async function installOnHost(): Promise<string> {
  const files = [...inputs, ...plugin.map((name) => join(kit, "plugin/hostmode", name))];
  return installed("localstack", files, async (folder) => {
    const env = { ...process.env, LOCALSTACK_HOST_DIR: folder };
    await run(program, ["install"], { timeoutMs: installMsMax, env }).catch((cause: unknown) => {
      throw new Error(
        "LocalStack needs Docker (a daemon that `docker info` reaches), or Python 3.13 with venv and pip, a JDK of 17 or newer and Maven; " +
          `or one that ${localstackEndpointVariable} names. Without Docker: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );
    });
  });
}
