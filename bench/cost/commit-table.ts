import type { Entry, Guards } from "../../lib/ports/journal.ts";
import { figure, type Metric, progress } from "../support/metrics.ts";
import type { Details } from "./details.ts";
import { type Age, busyAndRare, entryMaker, fill, httpStep, inTurn, kafkaSteps, subjectOf } from "./load.ts";
import { logKinds, perEntry, spentBy } from "./measure.ts";
import type { StoreMaker } from "./store.ts";

interface Case {
  readonly name: string;
  readonly partitions: number;
  readonly guards: (nth: number, entry: Entry) => Guards | undefined;
  /** What `docs/design.md`, section 5, says: of the commit, and with rolls and page deletion. */
  readonly design?: readonly [commit: string, withRolls: string];
}

const shardPartitions = 16;
const measuredEntries = 320;
const recordsEach = 10;

const plain = (): undefined => undefined;
const small = ["1.0", "1.2 to 1.3"] as const;

const cases: readonly Case[] = [
  { name: "1 partition, plain", partitions: 1, guards: plain, design: small },
  { name: "1 partition, 8 HTTP producers", partitions: 1, guards: httpStep(inTurn(8)), design: small },
  { name: "1 partition, 8 Kafka producers", partitions: 1, guards: kafkaSteps(inTurn(8)), design: small },
  { name: "16 partitions, plain", partitions: 16, guards: plain, design: ["1.25", "1.7 to 2.1"] },
  { name: "16 partitions, 1 HTTP producer", partitions: 16, guards: httpStep(inTurn(1)) },
  { name: "16 partitions, 1 Kafka producer", partitions: 16, guards: kafkaSteps(inTurn(1)), design: ["1.8", "2.3 to 2.7"] },
  { name: "16 partitions, 4 Kafka producers", partitions: 16, guards: kafkaSteps(inTurn(4)) },
  { name: "16 partitions, 1 Kafka producer and another every 20th entry", partitions: 16, guards: kafkaSteps(busyAndRare(20)) },
  { name: "16 partitions, 8 Kafka producers", partitions: 16, guards: kafkaSteps(inTurn(8)), design: ["5 to 5.5", "5.8 to 7"] },
];

/** The table of design section 5: units of commits and rolls, payloads apart, in a shard of 16 partitions. */
export async function measureCommitTable(makeStore: StoreMaker, ages: readonly Age[], details: Details): Promise<Metric[]> {
  const metrics: Metric[] = [];
  for (const each of cases) {
    for (const age of ages) {
      const name = `${each.name}, shard of ${shardPartitions}, ${age.name}`;
      progress(`${name} …`);
      const subject = await subjectOf(await makeStore(), shardPartitions);
      await fill(subject, age, each.partitions * recordsEach);
      const make = entryMaker(each.partitions, recordsEach, 100);
      const spent = await spentBy(subject, measuredEntries, (nth) => {
        const entry = make(subject.store.clock.nowMs());
        return subject.opened.engine.journal.append(subject.shard, entry, each.guards(nth, entry));
      });
      details.add(name, spent, subject.opened.heads);
      const [commit = "none", withRolls = "none"] = each.design ?? [];
      metrics.push(
        figure(`${name}: commit (design: ${commit})`, perEntry(spent, "writeUnits", "commit"), "WU/entry"),
        figure(
          `${name}: commit and rolls (design, with page deletion: ${withRolls})`,
          perEntry(spent, "writeUnits", ...logKinds),
          "WU/entry",
        ),
        figure(`${name}: read units`, perEntry(spent, "readUnits"), "RU/entry"),
      );
    }
  }
  return metrics;
}
