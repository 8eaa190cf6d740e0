import { after, before, describe, test } from "node:test";
import { createMemoryEngine } from "../../lib/engines/memory/index.ts";
import { type RunningServer, startServer } from "../../lib/server/index.ts";
import { httpCases } from "../../lib/testing/conformance/http.ts";

describe("the HTTP cases over sockets", () => {
  let server: RunningServer;
  before(async () => {
    server = await startServer({ engine: createMemoryEngine(), port: 0 });
  });
  after(() => server.close());
  for (const { name, run } of httpCases) test(name, () => run({ baseUrl: server.url }));
});
