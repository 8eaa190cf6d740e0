import { Buffer } from "node:buffer";
import type { Writable } from "node:stream";
import { limits } from "../../core/limits.ts";

/**
 * Has all that this thread prints told as it is written, standard output and standard error in one order. As at a terminal, who writes waits while nobody reads.
 * @param waiting what was told and not taken yet: whoever takes it subtracts what it cost, and notifies
 */
export function tellOutput(tell: (text: string) => void, waiting: Int32Array): void {
  const write = (text: string): void => {
    const cost = outputCost(text);
    let now = Atomics.add(waiting, 0, cost) + cost;
    tell(text);
    for (; now > limits.localOutputCharsMax; now = Atomics.load(waiting, 0)) Atomics.wait(waiting, 0, now);
  };
  for (const stream of [process.stdout, process.stderr]) patch(stream, write);
}

/** What was told was taken. */
export function taken(waiting: Int32Array, text: string): void {
  Atomics.sub(waiting, 0, outputCost(text));
  Atomics.notify(waiting, 0);
}

/** A message costs something, too, however short it is. */
function outputCost(text: string): number {
  return text.length + messageCost;
}

const messageCost = 100;

/** Replaces what the stream does with what it is given; Node's own objects hold on to it, so that it cannot be replaced itself. */
function patch(stream: Writable, write: (text: string) => void): void {
  const decoder = new TextDecoder();
  const take = (chunk: string | Uint8Array, encoding: BufferEncoding): void => {
    const isText = typeof chunk === "string" && /^utf-?8$/i.test(encoding);
    const text = isText ? chunk : decoder.decode(typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk, { stream: true });
    if (text !== "") write(text);
  };
  stream._write = (chunk: string | Uint8Array, encoding, done) => {
    take(chunk, encoding);
    done();
  };
  stream._writev = (chunks, done) => {
    for (const { chunk, encoding } of chunks) take(chunk as string | Uint8Array, encoding);
    done();
  };
}
