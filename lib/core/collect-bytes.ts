import { joinBytes } from "./codec/bytes.ts";

/** All of what comes in pieces, each copied as it comes. */
export async function collectBytes(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece.slice());
  return joinBytes(all);
}
