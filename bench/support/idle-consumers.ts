/**
 * A server with groups that have committed offsets, and as many triggered consumers: half of them paused, half of them with nothing to read. They are delivered in process, as
 * those of `stratalog dev --consumer` are, janitor included. Prints its port.
 */
import { mapBounded } from "../../lib/core/bounded.ts";
import { openLocalEngine } from "../../lib/engines/local/index.ts";
import { createJanitor } from "../../lib/log/janitor.ts";
import { createLog } from "../../lib/log/create-log.ts";
import { nodeClock } from "../../lib/node/clock.ts";
import { nodeCompression } from "../../lib/node/compression.ts";
import { nodeRandom } from "../../lib/node/random.ts";
import { tendInBackground } from "../../lib/server/background.ts";
import { Bell } from "../../lib/server/delivery/bell.ts";
import { deliverInBackground } from "../../lib/server/delivery/deliver-in-background.ts";
import { startServer } from "../../lib/server/index.ts";

const [folder = "", count = "0"] = process.argv.slice(2);
const engine = await openLocalEngine(folder);
const parts = { clock: nodeClock, random: nodeRandom, compression: nodeCompression };
const log = createLog(engine, parts);
for (const name of ["load", "idle"]) await log.topics.create({ name });
await mapBounded([...Array(Number(count)).keys()], 64, async (nth) => {
  await log.groups.set(`group-${nth}`, [{ topic: "load", partition: 0, offset: 0 }]);
  // Those that are paused read the topic that is written to.
  const isPaused = nth % 2 === 0;
  await log.consumers.put({ group: `consumer-${nth}`, topic: isPaused ? "load" : "idle", target: "local:none", enabled: !isPaused });
});
const ending = new AbortController();
const reportFault = (error: Error): void => void process.stderr.write(`${error.stack ?? error.message}\n`);
const server = await startServer({ log, port: 0 });
const carrier = { call: () => Promise.reject(new Error("nothing is to be called")), sendFailure: () => Promise.resolve() };
const delivered = deliverInBackground(log, carrier, { bell: new Bell(), signal: ending.signal, reportFault });
const tended = tendInBackground(createJanitor(engine, parts), { everyMs: 10_000, signal: ending.signal, reportFault });
process.stdout.write(`${server.port}\n`);
process.once("SIGTERM", () => {
  ending.abort();
  void Promise.all([delivered, tended])
    .then(() => server.close())
    .finally(() => process.exit(0));
});
