/** The log on S3 and DynamoDB without a server: `import { connect } from "stratalog/aws"`. Node only. */
import { connect as connectOver, type LogClient } from "../client/index.ts";
import { createApp } from "../http/app.ts";
import { createLog } from "../log/create-log.ts";
import { nodeClock } from "../node/clock.ts";
import { nodeCompression } from "../node/compression.ts";
import { nodeRandom } from "../node/random.ts";
import { type AwsStoreOptions, openAwsEngine } from "./open-engine.ts";

export { LogError } from "../core/errors.ts";
export type { LogClient } from "../client/index.ts";
export type { AwsEngine } from "../engines/aws/index.ts";
export { type AwsStoreOptions, openAwsEngine } from "./open-engine.ts";
export { type AwsCredentials, type SignedFetchOptions, signedFetch } from "./signed-fetch.ts";

/** A client that writes to the table and the bucket itself. */
export interface AwsLogClient extends LogClient, AsyncDisposable {
  /** Resolves when nothing runs that no caller waits for. A function calls it before it answers, as its environment may be frozen after that. */
  idle(): Promise<void>;
  /** Finishes what runs, and lets go of the connections. */
  close(): Promise<void>;
}

/**
 * The SDK directly over the engine, with the process's IAM credentials and no server in between. Whoever may write to the table and the bucket may write
 * to every topic in them: it is for trusted code.
 */
export function connect(options: AwsStoreOptions): AwsLogClient {
  const engine = openAwsEngine(options);
  const log = createLog(engine, { clock: nodeClock, random: nodeRandom, compression: nodeCompression });
  const app = createApp(log, { compression: nodeCompression, engine: "aws" });
  const client = connectOver({
    url: "http://stratalog.internal",
    fetch: (url, init) => app.fetch(new Request(url, init)),
  });
  const close = (): Promise<void> => log.close();
  return Object.assign(client, { idle: () => engine.idle(), close, [Symbol.asyncDispose]: close });
}
