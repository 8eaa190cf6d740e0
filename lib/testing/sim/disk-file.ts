import type { Prng } from "./prng.ts";

type FileOp = { readonly position: number; readonly bytes: Uint8Array } | { readonly size: number };

const sectorBytes = 512;

/** The bytes of one file: as processes see them, and as they are on the medium. */
export class SimFile {
  #seen = new Uint8Array(0);
  #onMedium = new Uint8Array(0);
  /** Not on the medium yet, oldest first. */
  #unsynced: FileOp[] = [];
  modifiedMs = 0;

  get size(): number {
    return this.#seen.length;
  }

  read(into: Uint8Array, position: number): number {
    const bytes = this.#seen.subarray(position, position + into.length);
    into.set(bytes);
    return bytes.length;
  }

  write(position: number, bytes: Uint8Array): void {
    this.#do({ position, bytes: bytes.slice() });
  }

  truncate(size: number): void {
    this.#do({ size });
  }

  /**
   * A sync that starts now, to be ended. When it fails, any part of what it was to make durable is; of the rest the system thinks that it
   * is, as real ones do: readers still see it, a later sync does not write it, and a power failure takes it.
   */
  begunSync(): (fails: Prng | undefined) => void {
    const count = this.#unsynced.length;
    const upTo = this.#unsynced[count - 1];
    return (fails) => {
      const end = upTo === undefined ? 0 : this.#unsynced.indexOf(upTo) + 1;
      for (const op of this.#unsynced.splice(0, end)) if (fails?.chance(0.5) !== true) this.#onMedium = applied(this.#onMedium, op);
    };
  }

  /** The power fails: of what was not synced any part is there, sector by sector. */
  losePower(prng: Prng): void {
    for (const op of this.#unsynced) {
      if ("size" in op) {
        if (prng.chance(0.5)) this.#onMedium = applied(this.#onMedium, op);
        continue;
      }
      const keeps = prng.pick([0, 0.5, 1, prng.fraction()]);
      for (let at = 0; at < op.bytes.length; ) {
        const end = Math.min(op.bytes.length, at + sectorBytes - ((op.position + at) % sectorBytes));
        if (prng.chance(keeps)) this.#onMedium = applied(this.#onMedium, { position: op.position + at, bytes: op.bytes.subarray(at, end) });
        at = end;
      }
    }
    this.#unsynced = [];
    this.#seen = this.#onMedium.slice();
  }

  #do(op: FileOp): void {
    this.#unsynced.push(op);
    this.#seen = applied(this.#seen, op);
  }
}

function applied(was: Uint8Array<ArrayBuffer>, op: FileOp): Uint8Array<ArrayBuffer> {
  const size = "size" in op ? op.size : Math.max(was.length, op.position + op.bytes.length);
  let bytes = was;
  if (size !== was.length) {
    bytes = new Uint8Array(size);
    bytes.set(was.subarray(0, size));
  }
  if ("bytes" in op) bytes.set(op.bytes, op.position);
  return bytes;
}
