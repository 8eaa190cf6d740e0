import type { Topic } from "../../../../lib/log/log.ts";
import { type Planted, untrimmed } from "./planted.ts";
import { type CheckWorld } from "./world.ts";

export const frontiers: readonly Planted[] = [
  {
    name: "a frontier ahead of the rows",
    plant: (world, topic) =>
      world.changeFrontier(topic, ({ seq, sealed: [first = 0, ...rest] }) => ({ seq: seq + 2, sealed: [first + 2, (rest[0] ?? 0) + 1] })),
    found: ["missing frontier", "missing frontier"],
    says: /Offsets 12 to 13 are sealed by the frontier and in no segment\. The journal has them/,
  },
  {
    name: "a frontier behind the rows",
    plant: (world, topic) =>
      world.changeFrontier(topic, ({ seq, sealed: [first = 0, second = 0] }) => ({ seq: seq - 1, sealed: [first, second - 1], trims: [] })),
    tuning: untrimmed,
    found: ["inconsistent frontier"],
    says: /Segments reach to offset 1, and the frontier says that the partition is sealed up to 0/,
  },
  {
    name: "a frontier's entry number behind the journal's start",
    plant: (world, topic) => world.changeFrontier(topic, ({ seq }) => ({ seq: seq - 1, trims: [] })),
    found: ["missing frontier"],
    says: /Entries 6 to 6 are in no segment by the frontier/,
  },
  {
    name: "a frontier's offset behind the journal's start",
    plant: async (world, topic) => {
      await world.changeFrontier(topic, ({ seq, sealed: [first = 0, second = 0] }) => ({
        seq: seq - 1,
        sealed: [first, second - 1],
        trims: [],
      }));
      await world.dropRow(topic, (await world.rows(topic, 1))[0] as Awaited<ReturnType<CheckWorld["lastRow"]>>, 1);
      await world.changeObject(await anyKey(world, topic, 1), () => undefined);
    },
    found: ["missing frontier", "missing frontier"],
    says: /Offsets 0 to 0 are in no segment by the frontier, and the journal begins after them/,
  },
  {
    name: "a frontier whose number and offsets do not fit",
    plant: (world, topic) => world.changeFrontier(topic, ({ seq }) => ({ seq: seq - 1, trims: [] })),
    tuning: untrimmed,
    found: ["inconsistent frontier"],
    says: /segments reach to offset 1, and its entry number 6 is at offset 0/,
  },
  {
    name: "a frontier past the journal's end",
    plant: (world, topic) => world.changeFrontier(topic, () => ({ seq: 99 })),
    found: ["inconsistent frontier"],
    says: /entries up to 99 are sealed, and the journal ends at 9/,
  },
  {
    name: "a log start offset past the high watermark",
    plant: (world, topic) => world.changeFrontier(topic, ({ start }) => ({ start: [99, ...start.slice(1)] })),
    found: ["inconsistent frontier"],
    says: /begin at 99, and its high watermark is 14/,
  },
  {
    name: "trims that do not rise",
    plant: (world, topic) =>
      world.changeFrontier(topic, ({ seq }) => ({
        trims: [
          { seq, sealedMs: 1 },
          { seq, sealedMs: 2 },
        ],
      })),
    found: ["inconsistent frontier"],
    says: /trims \(7, 7\) do not rise/,
  },
];

async function anyKey({ engine }: CheckWorld, { id }: Topic, partition: number): Promise<string> {
  const infos = await engine.objects.list("s/", { limit: 1_000 });
  return infos.find(({ key }) => key.includes(`/${id}/${partition}/`))?.key ?? "";
}
