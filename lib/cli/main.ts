/** The command `stratalog`: binds the process to the commands. */
import { packageVersion } from "../server/version.ts";
import { commands } from "./commands/index.ts";
import type { Io } from "./io.ts";
import { exitCodes, runCommandLine } from "./run.ts";

export async function main(argv: readonly string[]): Promise<void> {
  const ending = new AbortController();
  let outputGone = false;
  const onSignal = (): void => {
    // The second time the user means it.
    if (ending.signal.aborted) process.exit(exitCodes.interrupted);
    ending.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  // The terminal was closed: a shell and the system may both tell it, and nobody means to hurry.
  process.on("SIGHUP", () => ending.abort());
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (reason: NodeJS.ErrnoException) => {
      // A terminal that was closed answers EIO.
      const isGone = reason.code === "EPIPE" || (reason.code === "EIO" && stream.isTTY);
      if (!isGone) process.exit(exitCodes.failed);
      outputGone = true;
      ending.abort();
    });
  }
  const { stdin, stdout, stderr, env } = process;
  const io: Io = { stdin, stdout, stderr, env, signal: ending.signal, outputGone: () => outputGone };
  process.exitCode = await runCommandLine(commands, argv, io, packageVersion());
  // What is left open (standard input, idle connections) has nothing to say any more.
  stdin.destroy();
  await Promise.all([ended(stdout), ended(stderr)]);
  process.exit();
}

/** What was written has left the process. */
function ended(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableLength === 0) resolve();
    else stream.write("", () => resolve());
  });
}
