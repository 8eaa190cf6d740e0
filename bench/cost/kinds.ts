import type { Change } from "../../lib/engines/aws/table.ts";

/** What the engine's keys stand for, by how they begin. */
const items: readonly (readonly [start: string, name: string])[] = [
  ["H#", "head"],
  ["J#", "page"],
  ["B#", "payload"],
  ["PS#", "state"],
  ["L#", "start"],
  ["C#", "catalog"],
];

/** `payload put`, `page query`, ... */
export function kindOf(pk: string, operation: string): string {
  return `${items.find(([start]) => pk.startsWith(start))?.[1] ?? "other"} ${operation}`;
}

/** An update of a head is a commit, or a roll: only that one counts `gen` up. */
export function updateKind(pk: string, { update }: Change): string {
  if (!pk.startsWith("H#")) return kindOf(pk, "update");
  return update.includes("gen = gen +") ? "roll" : "commit";
}
