import { run } from "./install.ts";

const checkMsMax = 10_000;

/** Whether a Docker daemon answers. */
export async function dockerRuns(): Promise<boolean> {
  return run("docker", ["info"], { timeoutMs: checkMsMax }).then(
    () => true,
    () => false,
  );
}
