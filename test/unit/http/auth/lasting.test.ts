import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LogError } from "../../../../lib/core/errors.ts";
import { limits } from "../../../../lib/core/limits.ts";
import type { ErrorBody } from "../../../../lib/http/wire.ts";
import type { Log } from "../../../../lib/log/log.ts";
import { base, ManualClock, send } from "../fixtures.ts";
import { startIssuer } from "./issuer.ts";
import { acl, asAdmin, secured } from "./secured.ts";

const stream = { accept: "text/event-stream" };
const record = '{"records":[{"value":"x"}]}';

/** The text of a stream up to its end. */
async function rest(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  let text = "";
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) text += Buffer.from(piece.value).toString();
  return text;
}

function errorOf(text: string): string {
  const data = /event: error\ndata: (.*)\n/.exec(text)?.[1];
  assert.ok(data !== undefined, `ends with an error: ${text}`);
  return (JSON.parse(data) as ErrorBody).error.code;
}

/** A topic that ada may read, on a clock of the test's. */
async function readable() {
  const clock = new ManualClock();
  const one = secured({}, clock);
  await send(one.app, "POST", "/topics", '{"name":"t"}', asAdmin);
  await one.log.acls.add([acl("User:ada", "READ", "t"), acl("User:ada", "WRITE", "t")]);
  /** Time passes until a stream that waits has been asked again. */
  const pass = async (): Promise<void> => {
    for (let step = 0; step < 3; step++) await clock.advance(limits.accessRecheckMs);
  };
  return { ...one, clock, pass };
}

describe("what lasts long", () => {
  for (const path of ["/topics/t/partitions/0/records", "/topics/t/records"]) {
    test(`a stream of ${path} goes on while its reader may read, and ends when not`, async () => {
      const { app, log, tokenFor, pass } = await readable();
      const ada = await tokenFor("User:ada");
      const response = await send(app, "GET", path, undefined, { ...stream, ...ada });
      assert.equal(response.status, 200);
      const reader = response.body!.getReader();
      await reader.read();
      const next = reader.read();
      await pass();
      await send(app, "POST", "/topics/t/records", record, asAdmin);
      assert.match(Buffer.from((await next).value).toString(), /"value":"x"|keep-alive/);
      await log.acls.add([acl("User:ada", "READ", "t", { permission: "DENY" })]);
      const end = rest(reader);
      await pass();
      assert.equal(errorOf(await end), "forbidden");
      await log.close();
    });
  }

  test("a stream ends when its token is deleted, and says nothing of what came after", async () => {
    const { app, log, tokenFor, pass } = await readable();
    const ada = await tokenFor("User:ada");
    const response = await send(app, "GET", "/topics/t/partitions/0/records", undefined, { ...stream, ...ada });
    const reader = response.body!.getReader();
    await reader.read();
    const end = rest(reader);
    await log.tokens.delete((await log.tokens.list({}))[0]!.id);
    await pass();
    await send(app, "POST", "/topics/t/records", record, asAdmin);
    const text = await end;
    assert.equal(errorOf(text), "unauthenticated");
    assert.doesNotMatch(text, /"value"/);
    await log.close();
  });

  test("a stream whose client reads slowly gives it nothing more once the right is gone", async () => {
    const { app, log, tokenFor, pass } = await readable();
    const ada = await tokenFor("User:ada");
    const records = Array.from({ length: 200 }, () => ({ value: "x".repeat(2_000) }));
    await send(app, "POST", "/topics/t/records", JSON.stringify({ records }), asAdmin);
    const response = await send(app, "GET", "/topics/t/partitions/0/records?offset=earliest", undefined, { ...stream, ...ada });
    const reader = response.body!.getReader();
    await reader.read();
    assert.match(Buffer.from((await reader.read()).value).toString(), /"value":"x/);
    await log.acls.remove({ operation: "READ" });
    await pass();
    // The stream itself holds a piece or two that were written before.
    const text = await rest(reader);
    assert.equal(errorOf(text), "forbidden");
    assert.ok(text.length < 200_000, `${text.length} characters came`);
    await log.close();
  });

  test("a stream ends when its JWT expires", async () => {
    const clock = new ManualClock();
    const issuer = await startIssuer(() => clock.nowMs());
    const { app, log } = secured({ jwt: issuer.settings }, clock);
    await send(app, "POST", "/topics", '{"name":"t"}', asAdmin);
    await log.acls.add([acl("User:ada", "READ", "t")]);
    const authorization = `Bearer ${await issuer.sign({ exp: Math.floor(clock.nowMs() / 1_000) + 10 })}`;
    const response = await send(app, "GET", "/topics/t/partitions/0/records", undefined, { ...stream, authorization });
    const reader = response.body!.getReader();
    await reader.read();
    const end = rest(reader);
    const lastsMs = 10_000 + limits.jwtClockToleranceMs;
    for (let passedMs = 0; passedMs <= lastsMs + 2 * limits.accessRecheckMs; passedMs += limits.accessRecheckMs) {
      await clock.advance(limits.accessRecheckMs);
    }
    assert.equal(errorOf(await end), "unauthenticated");
    issuer.close();
    await log.close();
  });

  test("a long poll ends with the refusal when the right is gone", async () => {
    const { app, log, tokenFor, clock, pass } = await readable();
    const ada = await tokenFor("User:ada");
    const poll = send(app, "GET", "/topics/t/partitions/0/records?wait=30000", undefined, ada);
    // It waits, and so sleeps.
    await clock.advance(1);
    await log.acls.remove({ operation: "READ" });
    await pass();
    assert.equal((await poll).status, 403);
    await log.close();
  });

  test("an upload whose body comes late is asked again before anything of it is appended", async () => {
    for (const type of ["application/json", "application/x-ndjson"]) {
      const { app, log, tokenFor, clock } = await readable();
      const ada = await tokenFor("User:ada");
      const asked = Promise.withResolvers<undefined>();
      const sent = Promise.withResolvers<undefined>();
      const body = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            asked.resolve(undefined);
            await sent.promise;
            controller.enqueue(new TextEncoder().encode(type === "application/json" ? record : '{"value":"x"}\n'));
            controller.close();
          },
        },
        { highWaterMark: 0 },
      );
      const headers = { "content-type": type, ...ada };
      const answer = app.fetch(new Request(`${base}/topics/t/records`, { method: "POST", headers, body, duplex: "half" }));
      await asked.promise;
      await log.acls.remove({ operation: "WRITE" });
      await clock.advance(limits.accessRecheckMs);
      sent.resolve(undefined);
      assert.equal((await answer).status, 403, type);
      assert.equal((await log.watermarks("t"))[0]!.highWatermark, 0);
      await log.close();
    }
  });

  test("a stream ends when it cannot be known whether its reader may read", async () => {
    const { app, log, tokenFor, pass } = await readable();
    const ada = await tokenFor("User:ada");
    const response = await send(app, "GET", "/topics/t/partitions/0/records", undefined, { ...stream, ...ada });
    const reader = response.body!.getReader();
    await reader.read();
    const end = rest(reader);
    const acls: Log["acls"] = log.acls;
    acls.index = () => Promise.reject(new LogError("unavailable", "cannot be read", { retryAfterMs: 1_000 }));
    await pass();
    assert.equal(errorOf(await end), "unavailable");
    await log.close();
  });
});

describe("the list of topics", () => {
  test("has those that the caller may see, page by page, and names no other", async () => {
    const { app, log, tokenFor } = secured();
    const ada = await tokenFor("User:ada");
    const names = Array.from({ length: 30 }, (_, at) => `t${String(at).padStart(2, "0")}`);
    for (const name of names) await log.topics.create({ name });
    const visible = names.filter((_, at) => at % 7 === 3);
    await log.acls.add(visible.map((name) => acl("User:ada", "DESCRIBE", name)));
    const list = async (query: string) =>
      (await (await send(app, "GET", `/topics?${query}`, undefined, ada)).json()) as {
        readonly topics: readonly { readonly name: string }[];
        readonly nextCursor?: string;
      };
    for (const limit of [1, 2, 3, 4, 100]) {
      const paged: string[] = [];
      let cursor: string | undefined = "";
      for (let pages = 0; cursor !== undefined; pages++) {
        assert.ok(pages <= visible.length);
        const page = await list(`limit=${limit}${cursor === "" ? "" : `&cursor=${cursor}`}`);
        paged.push(...page.topics.map(({ name }) => name));
        cursor = page.nextCursor;
        assert.ok(cursor === undefined || visible.includes(cursor));
      }
      assert.deepEqual(paged, visible);
    }
    assert.deepEqual(
      (await list("prefix=t1")).topics.map(({ name }) => name),
      visible.filter((name) => name.startsWith("t1")),
    );
    assert.deepEqual((await list("prefix=t11")).topics, []);
    await log.close();
  });

  test("looks at no more than it may, and tells nothing of what it saw", async () => {
    const { app, log, tokenFor } = secured();
    const ada = await tokenFor("User:ada");
    let asked = 0;
    const topic = await log.topics.create({ name: "secret" });
    log.topics.list = (page) => {
      asked += page.limit ?? 0;
      return Promise.resolve(Array.from({ length: page.limit ?? 0 }, () => topic));
    };
    const response = await send(app, "GET", "/topics", undefined, ada);
    assert.equal(response.status, 400);
    assert.doesNotMatch(await response.text(), /secret/);
    assert.ok(asked <= limits.listScanMax + limits.listLimitMax);
    await log.close();
  });
});
