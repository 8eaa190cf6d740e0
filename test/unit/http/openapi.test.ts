import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { errorCodes } from "../../../lib/core/errors.ts";
import { createMemoryEngine } from "../../../lib/engines/memory/index.ts";
import { createApp } from "../../../lib/http/app.ts";
import { openApiDocument } from "../../../lib/http/openapi/document.ts";
import { routes } from "../../../lib/http/routes/index.ts";
import { methods } from "../../../lib/http/route.ts";
import { createLog } from "../../../lib/log/create-log.ts";
import { nodeClock } from "../../../lib/node/clock.ts";
import { nodeCompression } from "../../../lib/node/compression.ts";
import { nodeRandom } from "../../../lib/node/random.ts";
import { httpCases } from "../../../lib/testing/conformance/http.ts";
import { OpenApiWatch } from "./openapi-watch.ts";

describe("OpenAPI", () => {
  const log = createLog(createMemoryEngine(), { clock: nodeClock, random: nodeRandom, compression: nodeCompression });
  const app = createApp(log, {
    compression: nodeCompression,
    metrics: async () => ({ contentType: "text/plain; version=0.0.4", text: "" }),
  });
  const watch = new OpenApiWatch(openApiDocument(Object.values(routes), "0.0.0"));
  after(() => log.close());

  describe("every request and answer of the black-box cases is as the document says", () => {
    for (const { name, run } of httpCases) {
      test(name, () => run({ baseUrl: "http://in.process", fetch: (request) => watch.through(request, app.fetch) }));
    }
  });

  test("every operation and every answer that is no error was seen in those cases", () => {
    const documented: string[] = [];
    for (const route of Object.values(routes)) {
      for (const method of methods) {
        const answers = Object.keys(route.operations[method]?.answers ?? {});
        documented.push(...answers.map((status) => `${method} ${route.path} ${status}`));
      }
    }
    // Only a failing engine answers in part: test/unit/http/partly.test.ts.
    const unseen = documented.filter((answer) => !watch.seen.has(answer) && answer !== "POST /topics/{topic}/records 207");
    assert.deepEqual(unseen, []);
  });

  test("every error code has a status, and one that HTTP knows", async () => {
    const { statusOf } = await import("../../../lib/http/status.ts");
    assert.deepEqual(Object.keys(statusOf).toSorted(), errorCodes.toSorted());
    for (const status of Object.values(statusOf)) assert.ok(status >= 400 && status < 600);
  });
});
