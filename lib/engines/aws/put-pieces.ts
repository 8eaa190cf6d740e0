import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { unknown } from "./ambiguity.ts";
import type { Upload } from "./bucket.ts";
import { asLogError, Attempts, faultOf, repeat, type Context } from "./context.ts";
import { putObject } from "./payloads.ts";
import { StoreFault } from "./table.ts";

/**
 * Stores an object whose bytes come in pieces, under a key that is free. What fits in one part is put at once; more goes up part by part, of which one is
 * filled while others are on their way. @returns false when somebody else's is there
 */
export async function putPieces(context: Context, key: string, pieces: AsyncIterable<Uint8Array>, writeId: string): Promise<boolean> {
  let sender: PartSender | undefined;
  try {
    let part = new Uint8Array(0);
    for await (const bytes of partsOf(pieces)) {
      // The one before is not the last one.
      if (sender === undefined && part.length > 0) {
        const upload = await repeat(context, () => context.bucket.upload(key, writeId));
        sender = new PartSender(context, upload);
      }
      if (sender !== undefined) await sender.send(part);
      part = bytes;
    }
    if (sender === undefined) return await putObject(context, key, part, writeId);
    await sender.send(part);
    await sender.allSent();
  } catch (reason) {
    await sender?.giveUp();
    throw reason;
  }
  return await complete(context, key, sender, writeId);
}

/** The same bytes in parts, all but the last of one length, none of them empty. */
async function* partsOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let part = new Uint8Array(0);
  let filled = 0;
  let isFirst = true;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      if (filled === part.length) part = isFirst ? grown(part) : new Uint8Array(limits.awsPartBytes);
      const length = Math.min(piece.length - at, part.length - filled);
      part.set(piece.subarray(at, at + length), filled);
      filled += length;
      at += length;
      if (filled < limits.awsPartBytes) continue;
      yield part;
      [part, filled, isFirst] = [new Uint8Array(0), 0, false];
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}

/** Small objects are not to cost a whole part's memory. */
function grown(part: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.min(limits.awsPartBytes, Math.max(firstBytes, 4 * part.length)));
  larger.set(part);
  return larger;
}

const firstBytes = 64 * 1024;

/** Sends parts, a few at once. */
class PartSender {
  readonly upload: Upload;
  readonly #context: Context;
  readonly #running = new Set<Promise<void>>();
  #count = 0;
  #failure: { readonly reason: unknown } | undefined;

  constructor(context: Context, upload: Upload) {
    this.#context = context;
    this.upload = upload;
  }

  /** Resolves when there is room for another one. @throws LogError, of an earlier part too */
  async send(bytes: Uint8Array): Promise<void> {
    const number = ++this.#count;
    if (number > limits.awsPartsMax) {
      throw new LogError("request_too_large", `One object has at most ${limits.awsPartsMax} parts of ${limits.awsPartBytes} bytes.`);
    }
    const sending: Promise<void> = repeat(this.#context, () => this.upload.part(number, bytes))
      .catch((reason: unknown) => {
        this.#failure ??= { reason };
      })
      .finally(() => this.#running.delete(sending));
    this.#running.add(sending);
    while (this.#running.size >= limits.awsPartsAtOnceMax) await Promise.race(this.#running);
    this.#check();
  }

  async allSent(): Promise<void> {
    await Promise.all(this.#running);
    this.#check();
  }

  /** What cannot be given up now, a rule of the bucket takes away. */
  async giveUp(): Promise<void> {
    await Promise.all(this.#running);
    await repeat(this.#context, () => this.upload.giveUp()).catch(() => undefined);
  }

  #check(): void {
    if (this.#failure === undefined) return;
    const { code, message, retryAfterMs } = LogError.from(this.#failure.reason);
    // A part is no object: whatever became of it, nothing is stored.
    const known = code === "timeout" ? "unavailable" : code;
    throw new LogError(known, message, { cause: this.#failure.reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
  }
}

/** Makes the object of its parts, whatever happens on the way. */
async function complete(context: Context, key: string, sender: PartSender, writeId: string): Promise<boolean> {
  const attempts = new Attempts(context);
  for (let mayBeDone = false; ; ) {
    try {
      if (await sender.upload.complete()) return true;
      const owner = mayBeDone ? await repeat(context, () => context.bucket.writeIdOf(key)) : "";
      if (owner === writeId) return true;
      if (owner === undefined) throw new StoreFault("conflict", "the key was taken and is free again");
      await sender.giveUp();
      return false;
    } catch (reason) {
      const fault = faultOf(reason);
      if (fault.kind === "refused") return await settle(context, key, sender, { writeId, mayBeDone, refusal: asLogError(fault) });
      mayBeDone ||= fault.kind === "unknown";
      await attempts.again(fault);
    }
  }
}

/** A completion that was refused, perhaps since an earlier one was done. */
async function settle(
  context: Context,
  key: string,
  sender: PartSender,
  { writeId, mayBeDone, refusal }: { readonly writeId: string; readonly mayBeDone: boolean; readonly refusal: LogError },
): Promise<boolean> {
  const owner = mayBeDone ? await repeat(context, () => context.bucket.writeIdOf(key)) : undefined;
  if (owner !== undefined) return owner === writeId;
  await sender.giveUp();
  throw mayBeDone ? unknown(refusal) : refusal;
}
