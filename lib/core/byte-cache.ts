import { ReadRoom } from "./read-room.ts";

export interface ByteCacheOptions {
  /** How many of the bytes may be kept: such are not dropped. The others are what loads of what is not kept can count on. Default: 0. */
  readonly keptBytesMax?: number;
  /** Hears the names of what was dropped, and of loads that failed. */
  readonly dropped?: (name: string) => void;
}

interface Held {
  readonly bytes: Uint8Array;
  readonly room: number;
}

interface Load {
  readonly bytes: Promise<Uint8Array>;
  readonly room: number;
  isKept: boolean;
}

/** Immutable bytes by name, within one bound together with those that are being loaded. The longest unused are dropped first. One load at a time for each name. */
export class ByteCache {
  readonly #room: ReadRoom;
  readonly #looseBytesMax: number;
  readonly #keptBytesMax: number;
  readonly #dropped: (name: string) => void;
  /** What can be dropped, the longest unused first. */
  readonly #loose = new Map<string, Held>();
  readonly #kept = new Map<string, Held>();
  readonly #loads = new Map<string, Load>();
  /** Of what is kept, or will be. */
  #keptBytes = 0;

  constructor(bytesMax: number, { keptBytesMax = 0, dropped = () => undefined }: ByteCacheOptions = {}) {
    this.#room = new ReadRoom(bytesMax, (bytes) => this.#reclaim(bytes));
    this.#looseBytesMax = bytesMax - keptBytesMax;
    this.#keptBytesMax = keptBytesMax;
    this.#dropped = dropped;
  }

  get(name: string): Uint8Array | undefined {
    const kept = this.#kept.get(name);
    if (kept !== undefined) return kept.bytes;
    const found = this.#loose.get(name);
    if (found === undefined) return undefined;
    this.#loose.delete(name);
    this.#loose.set(name, found);
    return found.bytes;
  }

  /** What is there, or is being loaded; undefined when neither is so. */
  async find(name: string): Promise<Uint8Array | undefined> {
    return this.get(name) ?? (await this.#loads.get(name)?.bytes);
  }

  /** Remembers bytes if there is room without waiting. */
  set(name: string, bytes: Uint8Array): void {
    this.delete(name);
    if (this.#room.takeNow(bytes.length)) this.#loose.set(name, { bytes, room: bytes.length });
  }

  delete(name: string): void {
    this.release(name);
    const found = this.#loose.get(name);
    if (found === undefined) return;
    this.#loose.delete(name);
    this.#room.give(found.room);
  }

  /** Loads bytes once there is room for them. @param bytes how many there are; when there are more, they are remembered if there is room for those too */
  async load(name: string, bytes: number, read: () => Promise<Uint8Array>): Promise<Uint8Array> {
    return await (this.#loads.get(name)?.bytes ?? this.#start(name, Math.min(bytes, this.#looseBytesMax), read, false));
  }

  /** As `load`, to be kept. @returns undefined when too much is kept for that */
  loadKept(name: string, bytes: number, read: () => Promise<Uint8Array>): Promise<Uint8Array> | undefined {
    const running = this.#loads.get(name);
    if (running !== undefined) return running.bytes;
    return this.#keptBytes + bytes > this.#keptBytesMax ? undefined : this.#start(name, bytes, read, true);
  }

  /** A read of what is not remembered, within the same bound. */
  async pass<T>(bytes: number, read: () => Promise<T>): Promise<T> {
    return await this.#room.hold(Math.min(bytes, this.#looseBytesMax), read);
  }

  /** Until it is released, what is there or is being loaded is not dropped. @returns false when it is not there, or too much is kept for that */
  keep(name: string): boolean {
    const load = this.#loads.get(name);
    if (load?.isKept === true || this.#kept.has(name)) return true;
    const held = this.#loose.get(name);
    const room = load?.room ?? held?.room;
    if (room === undefined || this.#keptBytes + room > this.#keptBytesMax) return false;
    this.#keptBytes += room;
    if (load !== undefined) load.isKept = true;
    else if (held !== undefined) {
      this.#loose.delete(name);
      this.#kept.set(name, held);
    }
    return true;
  }

  release(name: string): void {
    const load = this.#loads.get(name);
    if (load?.isKept === true) {
      load.isKept = false;
      this.#keptBytes -= load.room;
    }
    const held = this.#kept.get(name);
    if (held === undefined) return;
    this.#keptBytes -= held.room;
    this.#kept.delete(name);
    this.#loose.set(name, held);
    this.#room.startNext();
  }

  #start(name: string, room: number, read: () => Promise<Uint8Array>, isKept: boolean): Promise<Uint8Array> {
    if (isKept) this.#keptBytes += room;
    const bytes = this.#run(name, room, read);
    this.#loads.set(name, { bytes, room, isKept });
    return bytes;
  }

  async #run(name: string, room: number, read: () => Promise<Uint8Array>): Promise<Uint8Array> {
    await this.#room.take(room);
    let bytes: Uint8Array | undefined;
    try {
      bytes = await read();
      return bytes;
    } finally {
      this.#ended(name, room, bytes);
    }
  }

  #ended(name: string, room: number, bytes: Uint8Array | undefined): void {
    const isKept = this.#loads.get(name)?.isKept === true;
    this.#loads.delete(name);
    this.delete(name);
    if (isKept) this.#keptBytes -= room;
    const more = (bytes?.length ?? 0) - room;
    if (bytes === undefined || (more > 0 && !this.#room.takeNow(more))) {
      this.#dropped(name);
      this.#room.give(room);
      return;
    }
    this.#loose.set(name, { bytes, room: bytes.length });
    if (isKept) this.keep(name);
    this.#room.give(Math.max(0, -more));
  }

  #reclaim(bytes: number): number {
    let given = 0;
    for (const [name, { room }] of this.#loose) {
      if (given >= bytes) break;
      this.#loose.delete(name);
      this.#dropped(name);
      given += room;
    }
    return given;
  }
}
