import type { ObjectStore } from "../../ports/object-store.ts";
import { LogError } from "../../core/errors.ts";
import { Life } from "./life.ts";
import { Network } from "./network.ts";
import { Prng } from "./prng.ts";
import { Scheduler } from "./scheduler.ts";
import type { StoreMaker } from "./simulate.ts";

export interface ObjectsResult {
  /** What is wrong. Empty when nothing is. */
  readonly findings: readonly string[];
  readonly trace: readonly string[];
  readonly stored: number;
}

interface Known {
  /** What the object must be: somebody was told that it is stored. */
  bytes: string | undefined;
  /** What it may be: nobody was told for certain that it is not. */
  readonly possible: Set<string>;
}

const tasksMax = 100_000;

/** Puts and reads objects through lives of a store that end at any moment: what was told as stored stays, as it was, for ever. */
export async function simulateObjects(seed: number, makeStore: StoreMaker): Promise<ObjectsResult> {
  const prng = new Prng(seed);
  const scheduler = new Scheduler();
  const lines: string[] = [];
  const trace = (line: string): void => void lines.push(`${scheduler.nowMs.toFixed(3)} ${line}`);
  const store = makeStore({ scheduler, network: new Network(scheduler, prng.fork(), trace), prng: prng.fork(), trace });
  const known = new Map<string, Known>();
  const findings: string[] = [];
  const lives = prng.between(2, 6);
  for (let i = 0; i < lives; i++) {
    const isLast = i === lives - 1;
    store.setFaulty(!isLast);
    const life = new Life(`p${i}`, scheduler);
    const work = (async () => {
      const engine = await store.open(life);
      await checkAll(engine.objects, known, findings, isLast);
      if (isLast) await engine.close();
      else await Promise.all(Array.from({ length: 3 }, (_, client) => putSome(engine.objects, prng, `${i}.${client}`, known, findings)));
    })();
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    work.then(over, (reason: unknown) => {
      // A disk that fails may keep a store from opening; once it is well again, nothing may.
      if (isLast) findings.push(`the last life failed: ${String(reason)}`);
      over();
    });
    if (!isLast) life.after(prng.fraction() * prng.pick([10, 60, 300]), over);
    await scheduler.runUntil(() => isOver, tasksMax);
    trace(`${life.name} ends`);
    life.end();
  }
  return { findings, trace: lines, stored: [...known.values()].filter(({ bytes }) => bytes !== undefined).length };
}

async function putSome(objects: ObjectStore, prng: Prng, writer: string, known: Map<string, Known>, findings: string[]): Promise<void> {
  for (let n = 0; n < 12; n++) {
    const key = prng.pick(["a", "a/b", "x/y/z"]) + prng.pick(["", "/1", "/2", "-3"]) + prng.pick(["", ".seg", "/part"]);
    const text = `${writer}.${n} `.repeat(prng.between(1, 200));
    const object = known.get(key) ?? { bytes: undefined, possible: new Set<string>() };
    known.set(key, object);
    object.possible.add(text);
    try {
      if (await objects.put(key, new TextEncoder().encode(text))) {
        if (object.bytes !== undefined && object.bytes !== text)
          findings.push(`${key} was stored twice, by ${object.bytes.slice(0, 8)} and by ${text.slice(0, 8)}`);
        object.bytes = text;
      } else {
        object.possible.delete(text);
        const there = await objects.get(key);
        if (there === undefined) findings.push(`${key} was told as taken, and is not there`);
        else object.bytes ??= new TextDecoder().decode(there);
      }
    } catch (reason) {
      const { code, outcome } = LogError.from(reason);
      if (outcome === "not-applied") object.possible.delete(text);
      if (code === "internal" || code === "corrupt_log") findings.push(`${key}: ${String(reason)}`);
    }
  }
}

async function checkAll(objects: ObjectStore, known: Map<string, Known>, findings: string[], isLast: boolean): Promise<void> {
  for (const [key, object] of known) {
    const there = await objects.get(key);
    const text = there === undefined ? undefined : new TextDecoder().decode(there);
    if (text === undefined && object.bytes !== undefined) findings.push(`${key} was stored, and is gone`);
    if (text !== undefined && object.bytes !== undefined && text !== object.bytes) findings.push(`${key} has changed`);
    if (text !== undefined && !object.possible.has(text) && text !== object.bytes)
      findings.push(`${key} holds what was never stored: ${text.slice(0, 20)}`);
  }
  if (!isLast) return;
  const listed = new Set((await objects.list("", { limit: 1_000 })).map((info) => info.key));
  for (const [key, { bytes }] of known) if (bytes !== undefined && !listed.has(key)) findings.push(`${key} is stored and not listed`);
}
