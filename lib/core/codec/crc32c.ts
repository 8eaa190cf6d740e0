import { byteAt } from "./bytes.ts";
import { chunkBytes, crc32cModule, dataStart } from "./crc32c-module.ts";

/** Shorter input is not worth the copy into the module's memory. */
const moduleBytesMin = 96;

interface Crc32cExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly crc32c: (state: number, length: number) => number;
}

/** The little of WebAssembly's interface that is used: it is the same everywhere, but only the DOM's types have it. */
interface WebAssemblyGlobal {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

/** CRC-32C (Castagnoli), reflected. Sixteen tables of 256: table k is for a byte that k bytes follow. */
const tables = makeTables();
const wasm = loadModule();

/**
 * CRC-32C of bytes, unsigned.
 * @param seed the CRC of the bytes before these: `crc32c(b, crc32c(a))` is the CRC of a followed by b. Default 0: nothing before.
 */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  if (wasm === undefined || bytes.length < moduleBytesMin) return portableCrc32c(bytes, seed);
  let state = ~seed;
  for (let position = 0; position < bytes.length; position += chunkBytes) {
    const end = Math.min(position + chunkBytes, bytes.length);
    wasm.data.set(end - position === bytes.length ? bytes : bytes.subarray(position, end));
    state = wasm.crc32c(state, end - position);
  }
  return ~state >>> 0;
}

/** The same in plain JavaScript: for short input, and where WebAssembly is switched off. */
export function portableCrc32c(bytes: Uint8Array, seed = 0): number {
  const t = tables;
  let crc = ~seed;
  let i = 0;
  for (const last = bytes.length - 7; i < last; i += 8) {
    crc ^= byteAt(bytes, i) | (byteAt(bytes, i + 1) << 8) | (byteAt(bytes, i + 2) << 16) | (byteAt(bytes, i + 3) << 24);
    crc =
      (t[1792 + (crc & 0xff)] as number) ^
      (t[1536 + ((crc >>> 8) & 0xff)] as number) ^
      (t[1280 + ((crc >>> 16) & 0xff)] as number) ^
      (t[1024 + (crc >>> 24)] as number) ^
      (t[768 + byteAt(bytes, i + 4)] as number) ^
      (t[512 + byteAt(bytes, i + 5)] as number) ^
      (t[256 + byteAt(bytes, i + 6)] as number) ^
      (t[byteAt(bytes, i + 7)] as number);
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ (t[(crc ^ byteAt(bytes, i)) & 0xff] as number);
  return ~crc >>> 0;
}

function makeTables(): Int32Array {
  const made = new Int32Array(16 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
    made[byte] = crc;
  }
  for (let i = 256; i < made.length; i++) {
    const before = made[i - 256] as number;
    made[i] = (before >>> 8) ^ (made[before & 0xff] as number);
  }
  return made;
}

function loadModule(): { readonly data: Uint8Array; readonly crc32c: Crc32cExports["crc32c"] } | undefined {
  const { WebAssembly: platform } = globalThis as { readonly WebAssembly?: WebAssemblyGlobal };
  if (platform === undefined) return undefined;
  const { memory, crc32c: advance } = new platform.Instance(new platform.Module(crc32cModule)).exports as Crc32cExports;
  const view = new DataView(memory.buffer);
  for (let i = 0; i < tables.length; i++) view.setInt32(4 * i, tables[i] as number, true);
  return { data: new Uint8Array(memory.buffer, dataStart), crc32c: advance };
}
