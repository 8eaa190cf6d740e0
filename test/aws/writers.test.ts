/** That writers of one shard never wait for, refuse or retry because of each other: what the commit protocol is for. */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { limits } from "../../lib/core/limits.ts";
import { type AwsEngine, createAwsEngine } from "../../lib/engines/aws/index.ts";
import { sdkBucket } from "../../lib/engines/aws/sdk-bucket.ts";
import { sdkTable } from "../../lib/engines/aws/sdk-table.ts";
import { type Item, StoreFault } from "../../lib/engines/aws/table.ts";
import { nodeClock } from "../../lib/node/clock.ts";
import { nodeRandom } from "../../lib/node/random.ts";
import { Prng } from "../../lib/testing/sim/prng.ts";
import { type EmulatedAws, startEmulatedAws } from "../../scripts/emulators/aws-store.ts";
import { type Between, entryOf, fault, headUpdate, namesIn, openShard, shard, tableBehind } from "../unit/engines/aws/support.ts";

const writersCount = 32;
/** As many as pass in about a minute and a half where emulators are slow; the full size is 5,000. */
const commits = Number(process.env["STRATALOG_WRITERS_COMMITS"] ?? 3_500);

/** What became of the updates of a head, by what they are for. */
class Counts {
  readonly sent = { commit: 0, roll: 0, fence: 0 };
  readonly refused = { commit: 0, roll: 0, fence: 0 };
  /** Of the refused commits those that met a tail without room: rolls that were begun have not come through yet. */
  full = 0;
  tailMost = 0;
  /** Of the rolls that came through: how long they took, and how many commits of all writers passed meanwhile. */
  readonly rolls = { count: 0, ms: 0, commits: 0, commitsMost: 0 };
  readonly failed: string[] = [];
  #committed = 0;

  /** What stands between one writer and its table. */
  between(): Between {
    let began = { ms: 0, committed: 0 };
    return async (call, run) => {
      const kind = headUpdate(call);
      if (call.op === "put" && call.pk.startsWith("J#")) began = { ms: performance.now(), committed: this.#committed };
      if (kind === undefined) return await run();
      const rollBegan = began;
      const answer = await this.#counted(kind, run);
      if (kind === "commit") this.#onCommit(answer as Item);
      if (kind === "roll") this.#onRoll(rollBegan);
      return answer;
    };
  }

  #onCommit(head: Item): void {
    this.#committed++;
    this.tailMost = Math.max(this.tailMost, tailEntries(head));
  }

  #onRoll({ ms, committed }: { readonly ms: number; readonly committed: number }): void {
    const commitsMeanwhile = this.#committed - committed;
    this.rolls.count++;
    this.rolls.ms += Math.round(performance.now() - ms);
    this.rolls.commits += commitsMeanwhile;
    this.rolls.commitsMost = Math.max(this.rolls.commitsMost, commitsMeanwhile);
  }

  async #counted<T>(kind: keyof Counts["sent"], run: () => Promise<T>): Promise<T> {
    this.sent[kind]++;
    try {
      return await run();
    } catch (reason) {
      if (!(reason instanceof StoreFault)) throw reason;
      if (reason.kind !== "condition") this.failed.push(`${kind}: ${reason.kind}`);
      else if (kind === "commit" && tailEntries(reason.item) === limits.awsTailEntriesMax) this.full++;
      else this.refused[kind]++;
      throw reason;
    }
  }
}

function tailEntries(head: Item | undefined): number {
  const tail = head?.["tail"];
  return tail !== undefined && "L" in tail ? tail.L.length : Number.NaN;
}

suite("32 writers of one shard", () => {
  let aws: EmulatedAws;
  const counts = new Counts();
  before(async () => {
    aws = await startEmulatedAws({ usedFor: "minutes" });
  });
  after(() => aws.stop());

  async function openStore(): Promise<(between?: Between) => AwsEngine> {
    const store = await aws.createStore();
    const [table, bucket] = [sdkTable(aws.clients.dynamodb, store.table), sdkBucket(aws.clients.s3, store.bucket)];
    return (between = (_, run) => run()) =>
      createAwsEngine({ table: tableBehind(between, table), bucket, clock: nodeClock, random: nodeRandom });
  }

  /** Each writer appends one after another. @returns the name of each entry by its number, as it was answered */
  async function write(writers: readonly AwsEngine[], total: number): Promise<readonly string[]> {
    const answered: string[] = [];
    let next = 0;
    await Promise.all(
      writers.map(async (engine) => {
        while (next < total) {
          const name = `e${next++}`;
          const { seq, parts } = await engine.journal.append(shard, entryOf(name));
          assert.equal(parts[0]?.baseOffset, seq);
          assert.equal(answered[seq], undefined, `${seq} was answered twice`);
          answered[seq] = name;
        }
      }),
    );
    await Promise.all(writers.map((engine) => engine.idle()));
    return answered;
  }

  test("none of their commits fails, or is refused or sent again because of another writer's", async (t) => {
    const open = await openStore();
    await openShard(open());
    const writers = Array.from({ length: writersCount }, () => open(counts.between()));
    const started = performance.now();
    const answered = await write(writers, commits);
    const seconds = (performance.now() - started) / 1000;
    t.diagnostic(`${(commits / seconds).toFixed()} commits a second, ${JSON.stringify(counts)}`);
    assert.deepEqual(counts.failed, []);
    assert.equal(counts.refused.commit, 0);
    assert.equal(counts.sent.commit, commits + counts.full);
    assert.equal(counts.sent.fence, 0);
    assert.ok(counts.sent.roll >= commits / limits.awsTailEntriesMax);
    assert.equal(Object.keys(answered).length, commits);
    assert.deepEqual(await namesIn(open()), answered);
  });

  test("none of them met a tail without room", () => {
    assert.equal(counts.full, 0);
  });

  test("all ride out transactions that meet them", async () => {
    const open = await openStore();
    await openShard(open());
    const prng = new Prng(7);
    let met = 0;
    const meets: Between = (call, run) => {
      const chance = { commit: 0.1, roll: 0.5, fence: 0.1 };
      const kind = headUpdate(call);
      if (kind === undefined || !prng.chance(chance[kind])) return run();
      met++;
      return Promise.reject(fault("conflict"));
    };
    const answered = await write(
      Array.from({ length: writersCount }, () => open(meets)),
      1_000,
    );
    assert.ok(met > 100);
    assert.equal(Object.keys(answered).length, 1_000);
    assert.deepEqual(await namesIn(open()), answered);
  });
});
