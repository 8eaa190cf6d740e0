/**
 * The same log with the same credentials, behind each way in: a server's sockets, and a Lambda function's two front doors in process. Nothing but the wire
 * is used to attack it; what it holds is compared before and after by who holds the log itself.
 */
import { connect as connectSocket } from "node:net";
import { limits } from "../../lib/core/limits.ts";
import type { Credentials } from "../../lib/config/security-settings.ts";
import { createMemoryEngine } from "../../lib/engines/memory/index.ts";
import { createApp } from "../../lib/http/app.ts";
import { hashOf, tokenText } from "../../lib/http/auth/api-token.ts";
import { createSecurity } from "../../lib/http/auth/create-security.ts";
import { bufferedHandler } from "../../lib/lambda/buffered.ts";
import { createLog } from "../../lib/log/create-log.ts";
import { CallFailed, type Carrier } from "../../lib/log/consumers/consumers.ts";
import type { Log } from "../../lib/log/log.ts";
import type { NewToken } from "../../lib/log/tokens.ts";
import { nodeClock } from "../../lib/node/clock.ts";
import { nodeCompression } from "../../lib/node/compression.ts";
import { nodeRandom } from "../../lib/node/random.ts";
import { startServer } from "../../lib/server/index.ts";
import { bufferedDoor, restEvent, urlEvent } from "../e2e/lambda-door.ts";
import { type Issuer, startIssuer } from "../unit/http/auth/issuer.ts";

export const adminToken = "an-admin-token-of-more-than-32-characters";
export const allowedPage = "https://console.example.com";
/** What nobody without rights may get to see. */
export const secrets = [
  "hidden-orders",
  "hidden-readers",
  "hidden-idle",
  "hidden-trigger",
  "vault-1",
  "classified",
  "User:treasurer",
  adminToken,
] as const;

export interface World {
  readonly log: Log;
  readonly issuer: Issuer;
  /** A token's text, and its id. */
  token(more: NewToken): Promise<{ readonly text: string; readonly id: string }>;
  /** Everything that a request could change. */
  snapshot(): Promise<unknown>;
}

export interface Target extends World {
  readonly url: string;
  close(): Promise<void>;
}

const utf8 = new TextEncoder();

/** A topic and groups that are hidden, a topic that the clerk may write to, and rules and a quota for somebody else. */
async function makeWorld(): Promise<World & { readonly credentials: Credentials }> {
  const issuer = await startIssuer(() => Date.now());
  const log = createLog(createMemoryEngine(), { clock: nodeClock, random: nodeRandom, compression: nodeCompression });
  for (const name of ["hidden-orders", "own"]) await log.topics.create({ name });
  await log.append("hidden-orders", { records: [{ timestampMs: 1, key: null, value: utf8.encode("classified"), headers: [] }] });
  const subscription = { topics: ["hidden-orders"] };
  await log.groups.heartbeat("hidden-readers", "vault-1", { subscription, sessionTimeoutMs: limits.sessionTimeoutMsMax });
  await log.groups.set("hidden-idle", [{ topic: "hidden-orders", partition: 0, offset: 1 }]);
  await log.consumers.put({
    group: "hidden-trigger",
    topic: "hidden-orders",
    target: "arn:aws:lambda:us-east-1:000000000000:function:vault-1",
    startingPosition: "TRIM_HORIZON",
    retryAttempts: 0,
  });
  const failing: Carrier = {
    call: () => Promise.reject(new CallFailed("function", "classified")),
    sendFailure: () => Promise.resolve(),
  };
  await log.consumers.deliver({ group: "hidden-trigger", topic: "hidden-orders", partition: 0 }, failing, {});
  const allow = { patternType: "LITERAL", permission: "ALLOW", resourceType: "TOPIC" } as const;
  await log.acls.add([
    { ...allow, resourceName: "own", principal: "User:clerk", operation: "WRITE" },
    { ...allow, resourceName: "hidden-orders", principal: "User:treasurer", operation: "ALL" },
    { ...allow, resourceType: "GROUP", resourceName: "*", principal: "User:treasurer", operation: "ALL" },
  ]);
  await log.quotas.rules.set("User:treasurer", { requestRate: 7 });
  return {
    log,
    issuer,
    credentials: { adminToken, jwt: issuer.settings, allowedOrigins: [allowedPage] },
    async token(more) {
      const { token, secret } = await log.tokens.create(more, hashOf);
      return { text: tokenText(token.id, secret), id: token.id };
    },
    async snapshot() {
      const topics = await log.topics.list({ limit: limits.listLimitMax });
      const groups = await log.groups.list({ limit: limits.listLimitMax });
      return {
        topics,
        marks: await Promise.all(topics.map(({ name }) => log.watermarks(name))),
        groups: await Promise.all(groups.map(({ group }) => log.groups.describe(group))),
        offsets: await Promise.all(groups.map(({ group }) => log.groups.committed(group))),
        consumers: await log.consumers.list({ limit: limits.listLimitMax }),
        deadLetters: await log.consumers.deadLetters("hidden-trigger", { limit: limits.listLimitMax }),
        acls: await log.acls.list({}, { limit: limits.listLimitMax }),
        tokens: await log.tokens.list({ limit: limits.listLimitMax }),
        quotas: await log.quotas.rules.list(),
      };
    },
  };
}

async function overSockets(): Promise<Target> {
  const world = await makeWorld();
  const server = await startServer({ log: world.log, port: 0, credentials: world.credentials });
  return {
    ...world,
    url: server.url,
    async close() {
      world.issuer.close();
      await server.close();
    },
  };
}

async function throughDoor(makeEvent: typeof urlEvent): Promise<Target> {
  const world = await makeWorld();
  const security = createSecurity(world.log, { clock: nodeClock, credentials: world.credentials });
  const app = createApp(world.log, { compression: nodeCompression, security, answerBytesMax: limits.lambdaAnswerBytesMax });
  const door = await bufferedDoor(bufferedHandler({ app, settle: () => Promise.resolve() }), makeEvent);
  return {
    ...world,
    url: door.url,
    async close() {
      world.issuer.close();
      await door.close();
      await world.log.close();
    },
  };
}

export const targets: Readonly<Record<string, () => Promise<Target>>> = {
  "a server": overSockets,
  "a function URL": () => throughDoor(urlEvent),
  "a REST API": () => throughDoor(restEvent),
};

/** Sends bytes as they are, which no HTTP client would. @returns the answer's status and all of its text */
export function sendRaw(url: string, text: string): Promise<{ readonly status: number; readonly text: string }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connectSocket(Number(port), hostname);
    let answer = "";
    const done = (): void => resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0), text: answer });
    socket.setTimeout(5_000, () => socket.destroy(new Error(`no end after 5 s; so far: ${answer}`)));
    socket
      .on("data", (piece) => (answer += piece.toString("latin1")))
      .on("close", done)
      .on("error", reject);
    socket.write(text, "latin1");
  });
}
