/** A function's thread: loads its handler, and runs one call at a time. */
import { registerHooks } from "node:module";
import { format } from "node:util";
import { workerData } from "node:worker_threads";
import { type AnyHandler, answerJson, invoke, toldError } from "./invoke.ts";
import { lambdaContext } from "./lambda-context.ts";
import { loadHandler, NotLoaded } from "./load-handler.ts";
import { ownFrames } from "./own-frames.ts";
import type { CallMessage, WorkerMessage, WorkerParts } from "./worker-messages.ts";
import { tellOutput } from "./worker-output.ts";

const start = workerData as WorkerParts;

function tell(message: WorkerMessage): void {
  start.port.postMessage(message);
}

tellOutput((text) => tell({ kind: "output", text }), start.waiting);

registerHooks({
  load(url, context, next) {
    if (url.startsWith("file:") && !url.includes("/node_modules/")) tell({ kind: "file", url });
    return next(url, context);
  },
});

async function call(handler: AnyHandler, message: CallMessage): Promise<void> {
  try {
    const answer = await invoke(handler, JSON.parse(message.event), (end) => lambdaContext(start.name, message, end));
    tell({ kind: "answer", json: answerJson(answer) });
  } catch (reason) {
    // As Lambda's runtime does: with its stack, in the function's own output.
    process.stderr.write(`${ownFrames(format(reason))}\n`);
    tell({ kind: "failed", error: toldError(reason) });
  }
}

try {
  const handler = await loadHandler(start);
  start.port.on("message", (message: CallMessage) => void call(handler, message));
  tell({ kind: "loaded" });
} catch (reason) {
  const { message, place } = reason instanceof NotLoaded ? reason : new NotLoaded(String(reason));
  tell({ kind: "not-loaded", message, place });
}
