import type { SeededRandom } from "./random.ts";

const oddBytes = [
  0, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x2d, 0x30, 0x3a, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d, 0x7f, 0x80, 0xc0, 0xe2, 0xed, 0xf4, 0xff,
];

/** The same bytes with one to four small wounds. */
export function mutateBytes(random: SeededRandom, original: Uint8Array): Uint8Array {
  let bytes: Uint8Array = original.slice();
  for (let wounds = 1 + random.below(4); wounds > 0; wounds--) bytes = wound(random, bytes);
  return bytes;
}

export function mutateText(random: SeededRandom, original: string): string {
  return Buffer.from(mutateBytes(random, Buffer.from(original))).toString("latin1");
}

function wound(random: SeededRandom, bytes: Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1);
  const length = 1 + random.below(8);
  switch (random.below(7)) {
    case 0:
      return join(bytes.subarray(0, at), bytes.subarray(at + length));
    case 1:
      return join(bytes.subarray(0, at), Uint8Array.of(random.pick(oddBytes)), bytes.subarray(at));
    case 2:
      return join(bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at));
    case 3:
      return bytes.subarray(0, at);
    case 4: {
      const from = random.below(bytes.length + 1);
      return join(bytes.subarray(0, at), bytes.subarray(from, from + random.below(40)), bytes.subarray(at));
    }
    case 5: {
      const flipped = bytes.slice();
      if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8));
      return flipped;
    }
    default: {
      const changed = bytes.slice();
      if (at < changed.length) changed[at] = random.chance(2) ? random.pick(oddBytes) : random.below(256);
      return changed;
    }
  }
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
