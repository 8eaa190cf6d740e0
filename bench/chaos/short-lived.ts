import { KeptTopic } from "../../lib/testing/sim/kept-topic.ts";
import { type Connection, pause } from "./connection.ts";
import { KeptClient } from "./kept-client.ts";

const recordsMax = 30;
const charsMax = 5_000;
const lifeMsMax = 3_000;

/**
 * Makes a topic, writes and reads, and deletes it, over and over under one name: a new one begins at offset 0, and has its own records alone. Some live
 * for long enough to be sealed.
 * @returns how many there were
 */
export async function runShortLived(connection: Connection, name: string, problems: string[]): Promise<number> {
  for (let life = 0; ; life++) {
    if (connection.isEnding) return life;
    const kept = new KeptTopic(name, { isTrimmed: false, isCompacted: false, keptMin: Number.POSITIVE_INFINITY });
    const client = new KeptClient(connection, kept, problems);
    await client.create({ "retention.ms": -1 });
    const records = Math.floor(Math.random() * recordsMax);
    const pauseMs = (Math.random() * lifeMsMax) / recordsMax;
    for (let count = 0; count < records; count++) {
      await client.append(`${life}`, false, Math.floor(Math.random() * charsMax));
      await pause(pauseMs);
    }
    await client.look();
    await client.judgeAll();
    await client.delete();
  }
}
