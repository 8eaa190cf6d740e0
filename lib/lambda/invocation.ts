import { limits } from "../core/limits.ts";
import type { App } from "../http/app.ts";
import type { AppResponse } from "../http/message.ts";
import { type DoorEvent, LambdaRequest } from "./lambda-request.ts";

/** What a shell needs of Lambda's context. */
export interface Remaining {
  getRemainingTimeInMillis(): number;
}

export interface Shell {
  readonly app: App;
  /** What has to be over before the answer is: the environment may be frozen right after it, or ended. */
  readonly settle: () => Promise<void>;
}

/**
 * Runs the app on a front door's event, then `send` on its answer.
 * Long polls and streams end a little before the function's time does, as they do when a server closes.
 */
export async function invoke<T>(
  { app, settle }: Shell,
  event: DoorEvent,
  context: Remaining,
  send: (response: AppResponse, request: LambdaRequest) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const leftMs = Math.max(0, context.getRemainingTimeInMillis() - limits.lambdaEndMarginMs);
  const timer = setTimeout(() => ending.abort(), leftMs);
  try {
    const request = new LambdaRequest(event, ending.signal);
    const response = await app.handle(request);
    try {
      return await send(response, request);
    } finally {
      response.release?.();
    }
  } finally {
    clearTimeout(timer);
    await settle();
  }
}
