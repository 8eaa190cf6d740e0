/**
 * Writes lib/core/codec/crc32c-module.ts: a WebAssembly module, assembled here by hand, that computes CRC-32C several times faster
 * than JavaScript can. Run `node scripts/generate-crc32c.ts` after a change; with `--check` it only compares.
 *
 * How it works. Cut the message into vectors of 16 bytes; as polynomials over GF(2), moving a vector one place to the front multiplies it
 * by X = x^128. There is a sum of only eight powers of X that is a multiple of the CRC's polynomial: 1 + X^(79-78) + ... + X^79 in the terms of `shifts`.
 * So a vector can be taken out of the message by XORing it onto the seven vectors that lie `shifts` places after it, and the CRC stays the same. Done to
 * all but the last 79 vectors this leaves 1,264 bytes, which are then looked up in tables, 16 bytes a step. No carry-less multiplication needed.
 * (The idea: "Chorba", Russell 2024. The polynomial was found by search; test/unit/core/codec/crc32c.test.ts proves it.)
 */
import { readFileSync, writeFileSync } from "node:fs";

/** 79 - e for each exponent e below 79 of the sparse multiple. */
const shifts = [4, 8, 21, 61, 67, 78, 79];
const windowBytes = 79 * 16;
const tablesBytes = 16 * 1024;
/** Zeros lie before the data, so that its first vectors can look back. */
const dataStart = tablesBytes + 2048;
const pages = 5;
const chunkBytes = pages * 65536 - dataStart;
/** Below this, tables alone are faster. */
const foldBytesMin = 2048;
const strideBytes = 128;

type Code = readonly number[];

function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): Code {
  return value >= -64 && value < 64 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}

const get = (local: number): Code => [0x20, ...unsigned(local)];
const set = (local: number, ...value: Code[]): Code => [...value.flat(), 0x21, ...unsigned(local)];
const constant = (value: number): Code => [0x41, ...signed(value)];
const op =
  (code: number) =>
  (a: Code, b: Code): Code => [...a, ...b, code];
const lessUnsigned = op(0x49);
const add = op(0x6a);
const subtract = op(0x6b);
const and = op(0x71);
const xor = op(0x73);
const shiftLeft = op(0x74);
const shiftRight = op(0x76);
const load32 = (at: Code, offset = 0): Code => [...at, 0x28, 0, ...unsigned(offset)];
const load8 = (at: Code, offset = 0): Code => [...at, 0x2d, 0, ...unsigned(offset)];
const store32 = (at: Code, value: Code): Code => [...at, ...value, 0x36, 0, 0];
const loadVector = (at: Code, offset: number): Code => [...at, 0xfd, 0, 4, ...unsigned(offset)];
const storeVector = (at: Code, offset: number, value: Code): Code => [...at, ...value, 0xfd, 11, 4, ...unsigned(offset)];
const xorVector = (a: Code, b: Code): Code => [...a, ...b, 0xfd, 0x51];
const when = (condition: Code, ...body: Code[]): Code => [...condition, 0x04, 0x40, ...body.flat(), 0x0b];
const loopWhile = (condition: Code, ...body: Code[]): Code => [
  ...[0x02, 0x40, 0x03, 0x40],
  ...[...condition, 0x45, 0x0d, 1],
  ...body.flat(),
  ...[0x0c, 0, 0x0b, 0x0b],
];

/** Parameters and locals of the one function: (state, length) -> state. */
const [state, end, position, stop, word] = [0, 1, 2, 3, 4];
const firstVector = 5;
const vectors = 8;

/** Folds vectors forward until only the window is left, then leaves `position` at its start. */
function fold(): Code {
  const farShifts = shifts.filter((shift) => shift > vectors);
  // The nearest shifts, 4 and 8 vectors back, are still in locals: vector j's own was 8 ago.
  const step = Array.from({ length: vectors }, (_, j) => {
    const offset = windowBytes + 16 * j;
    let sum = xorVector(loadVector(get(position), offset), get(firstVector + j));
    sum = xorVector(sum, get(firstVector + ((j + 4) % vectors)));
    for (const shift of farShifts) sum = xorVector(sum, loadVector(get(position), offset - 16 * shift));
    return [...set(firstVector + j, sum), ...storeVector(get(position), offset, get(firstVector + j))];
  });
  // In the window, only what was taken out before it counts.
  const tails = shifts.map((shift) => [
    ...set(position, get(stop)),
    ...loopWhile(
      lessUnsigned(get(position), add(get(stop), constant(16 * shift))),
      storeVector(
        get(position),
        windowBytes,
        xorVector(loadVector(get(position), windowBytes), loadVector(get(position), windowBytes - 16 * shift)),
      ),
      set(position, add(get(position), constant(16))),
    ),
  ]);
  return [
    ...store32(get(position), xor(load32(get(position)), get(state))),
    ...set(state, constant(0)),
    // From here on `position` is the window's size behind the vector at hand: offsets cannot be negative.
    ...set(stop, subtract(get(end), constant(windowBytes))),
    ...set(stop, add(get(position), and(subtract(get(stop), get(position)), constant(-strideBytes)))),
    ...set(stop, subtract(get(stop), constant(windowBytes))),
    ...set(position, subtract(get(position), constant(windowBytes))),
    ...loopWhile(lessUnsigned(get(position), get(stop)), ...step, set(position, add(get(position), constant(strideBytes)))),
    ...tails.flat(),
    ...set(position, add(get(stop), constant(windowBytes))),
  ];
}

/** Table k, at byte 1024 k, is for a byte that k bytes follow. */
function lookUps(firstTable: number): Code {
  const entry = (byte: number): Code => {
    const shifted = byte === 0 ? shiftLeft(get(word), constant(2)) : shiftRight(get(word), constant(8 * byte - 2));
    return load32(and(shifted, constant(0x3fc)), 1024 * (firstTable - byte));
  };
  return xor(xor(entry(0), entry(1)), xor(entry(2), entry(3)));
}

function body(): Code {
  const sixteen = [0, 4, 8, 12].flatMap((offset) => {
    const loaded = load32(get(position), offset);
    return set(word, offset === 0 ? xor(loaded, get(state)) : loaded).concat(
      set(state, offset === 0 ? lookUps(15) : xor(get(stop), lookUps(15 - offset))),
      set(stop, get(state)),
    );
  });
  return [
    ...set(position, constant(dataStart)),
    ...set(end, add(get(end), get(position))),
    ...when([...lessUnsigned(get(end), constant(dataStart + foldBytesMin)), 0x45], fold()),
    ...loopWhile(lessUnsigned(add(get(position), constant(15)), get(end)), sixteen, set(position, add(get(position), constant(16)))),
    ...loopWhile(
      lessUnsigned(get(position), get(end)),
      set(word, shiftLeft(and(xor(get(state), load8(get(position))), constant(0xff)), constant(2))),
      set(state, xor(shiftRight(get(state), constant(8)), load32(get(word)))),
      set(position, add(get(position), constant(1))),
    ),
    ...get(state),
    0x0b,
  ];
}

function moduleBytes(): Code {
  const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];
  const name = (text: string): Code => [text.length, ...new TextEncoder().encode(text)];
  const [i32, v128] = [0x7f, 0x7b];
  const code = [2, ...[3, i32], ...[vectors, v128], ...body()];
  return [
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 2, i32, i32, 1, i32]),
    ...section(3, [1, 0]),
    ...section(5, [1, 1, pages, pages]),
    ...section(7, [2, ...name("memory"), 2, 0, ...name("crc32c"), 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ];
}

function source(): string {
  const bytes = moduleBytes();
  const rows = Array.from({ length: Math.ceil(bytes.length / 32) }, (_, i) => `  ${bytes.slice(i * 32, i * 32 + 32).join(", ")},`);
  return `// Written by scripts/generate-crc32c.ts: do not edit.

/**
 * A WebAssembly module with a memory and \`crc32c(state, length)\`: advances the inverted CRC over the bytes at \`dataStart\`.
 * Sixteen tables of 256 little-endian words go to the memory's start first; the bytes between them and the data stay zero.
 */
// biome-ignore format: bytes
export const crc32cModule = new Uint8Array([
${rows.join("\n")}
]);

export const dataStart = ${dataStart};

/** The most bytes of one call. */
export const chunkBytes = ${chunkBytes};
`;
}

const path = new URL("../lib/core/codec/crc32c-module.ts", import.meta.url);
const wanted = source();
if (process.argv.includes("--check")) {
  if (readFileSync(path, "utf8") !== wanted)
    throw new Error("lib/core/codec/crc32c-module.ts is not what scripts/generate-crc32c.ts writes: run it.");
} else {
  writeFileSync(path, wanted);
}
