import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dockerRuns } from "./docker.ts";
import { type Emulator, startProgram } from "./emulator.ts";
import { installed, run } from "./install.ts";

const kit = fileURLToPath(new URL("../../test/localstack-host", import.meta.url));
const program = join(kit, "localstack-host");
const inDocker = fileURLToPath(new URL("s3-in-docker.sh", import.meta.url));

const installMsMax = 5 * 60_000;
const startMsMax = 60_000;
const pullMsMax = 5 * 60_000;

/** The environment variable that names an S3 to use instead of starting one. */
export const s3EndpointVariable = "STRATALOG_S3_ENDPOINT";

/** The S3 that STRATALOG_S3_ENDPOINT names, whose stop does nothing, else one of its own. */
export async function startS3(): Promise<Emulator> {
  const given = givenEndpoint();
  return given === undefined ? startOwnS3() : { endpoint: given, stop: () => Promise.resolve() };
}

/** LocalStack's S3, empty, on a free port of 127.0.0.1: in Docker where that runs, else as a process of this machine. */
export async function startOwnS3(): Promise<Emulator> {
  const name = "LocalStack's S3";
  if (await dockerRuns()) return startProgram({ name, command: "sh", args: [inDocker], startMsMax: pullMsMax });
  const folder = await installOnHost();
  const data = await mkdtemp(join(tmpdir(), "stratalog-s3-"));
  const environment = { LOCALSTACK_HOST_DIR: folder, LOCALSTACK_HOST_DATA: data, LOCALSTACK_PORT: "0", LOCALSTACK_HOST_TIED: "1" };
  return startProgram({ name, command: program, args: ["run", "s3"], environment, startMsMax });
}

/** What is to be there before S3 is started. @returns in words what there is */
export async function installS3(): Promise<string> {
  const given = givenEndpoint();
  if (given !== undefined) return `${s3EndpointVariable} names ${given}`;
  if (await dockerRuns()) return "Docker brings it";
  await installOnHost();
  return "LocalStack without Docker is there";
}

function givenEndpoint(): string | undefined {
  const given = process.env[s3EndpointVariable];
  return given === "" ? undefined : given;
}

async function installOnHost(): Promise<string> {
  return installed("localstack-s3", [program, join(kit, "constraints.txt")], async (folder) => {
    const env = { ...process.env, LOCALSTACK_HOST_DIR: folder };
    await run(program, ["install", "s3"], { timeoutMs: installMsMax, env }).catch((cause: unknown) => {
      throw new Error(
        "S3 for tests needs Docker (a daemon that `docker info` reaches) or Python 3.13 with venv and pip, found as python3.13, " +
          `in pyenv or by LOCALSTACK_PYTHON; or an S3 that ${s3EndpointVariable} names. Without Docker: ${messageOf(cause)}`,
        { cause },
      );
    });
  });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
