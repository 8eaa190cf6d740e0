/** A function's thread: loads its handler, and runs one call at a time. */
import { registerHooks } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import { type AnyHandler, answerJson, invoke, toldError } from "./invoke.ts";
import { lambdaContext } from "./lambda-context.ts";
import { loadHandler, NotLoaded } from "./load-handler.ts";
import type { CallMessage, WorkerMessage, WorkerStart } from "./worker-messages.ts";

const start = workerData as WorkerStart;

function tell(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

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
    // eslint-disable-next-line no-console
    console.error(reason);
    tell({ kind: "failed", error: toldError(reason) });
  }
}

try {
  const handler = await loadHandler(start);
  parentPort?.on("message", (message: CallMessage) => void call(handler, message));
  tell({ kind: "loaded" });
} catch (reason) {
  const { message, place } = reason instanceof NotLoaded ? reason : new NotLoaded(String(reason));
  tell({ kind: "not-loaded", message, place });
}
