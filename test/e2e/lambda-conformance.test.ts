/** The HTTP cases through the functions' shells: what a deployed stack answers, but for AWS itself. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createMemoryEngine } from "../../lib/engines/memory/index.ts";
import { limits } from "../../lib/core/limits.ts";
import { createApp } from "../../lib/http/app.ts";
import { bufferedHandler } from "../../lib/lambda/buffered.ts";
import type { Shell } from "../../lib/lambda/invocation.ts";
import { streamingHandler } from "../../lib/lambda/streaming.ts";
import { createLog } from "../../lib/log/create-log.ts";
import { nodeClock } from "../../lib/node/clock.ts";
import { nodeCompression } from "../../lib/node/compression.ts";
import { nodeRandom } from "../../lib/node/random.ts";
import { httpCases } from "../../lib/testing/conformance/http.ts";
import { inOnePiece, queryOpened } from "./known-cases.ts";
import { bufferedDoor, type Door, restEvent, streamingDoor, urlEvent } from "./lambda-door.ts";

function shell(answerBytesMax?: number): Shell {
  const log = createLog(createMemoryEngine(), { clock: nodeClock, random: nodeRandom, compression: nodeCompression });
  const app = createApp(log, { compression: nodeCompression, ...(answerBytesMax === undefined ? {} : { answerBytesMax }) });
  return { app, settle: () => Promise.resolve() };
}

interface Kind {
  readonly open: () => Promise<Door>;
  /** Cases that cannot pass here, by name. One that passes all the same fails: it has no business on the list. */
  readonly known?: Readonly<Record<string, string>>;
}

const doors: Readonly<Record<string, Kind>> = {
  "a function URL that streams": { open: () => streamingDoor((runtime) => streamingHandler(shell(), runtime), urlEvent) },
  "a REST API that streams": { open: () => streamingDoor((runtime) => streamingHandler(shell(), runtime), restEvent), known: queryOpened },
  "a function URL in one piece": {
    open: () => bufferedDoor(bufferedHandler(shell(limits.lambdaAnswerBytesMax)), urlEvent),
    known: inOnePiece,
  },
  "a REST API in one piece": {
    open: () => bufferedDoor(bufferedHandler(shell(limits.lambdaAnswerBytesMax)), restEvent),
    known: { ...inOnePiece, ...queryOpened },
  },
};

for (const [name, { open, known = {} }] of Object.entries(doors)) {
  describe(`the HTTP cases through ${name}`, () => {
    let door: Door;
    before(async () => {
      door = await open();
    });
    after(() => door.close());
    for (const { name: caseName, run } of httpCases) {
      const reason = known[caseName];
      if (reason === undefined) test(caseName, () => run({ baseUrl: door.url }));
      else test(`${caseName}: not here, ${reason}`, () => assert.rejects(run({ baseUrl: door.url })));
    }
  });
}
