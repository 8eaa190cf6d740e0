import { once } from "node:events";
import type { Readable, Writable } from "node:stream";

/** A stream that may be a terminal. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** What a command has of the process: injected, so that tests run commands in their own process. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the user ends the command (Ctrl-C), or when nobody reads its output any more. */
  readonly signal: AbortSignal;
  /** Whether it ends because its output's reader has gone, as under `| head`. */
  readonly outputGone: () => boolean;
}

/** Writes, and waits while the reader is slow; at most until the command ends. */
export async function write(io: Io, stream: Output, data: string | Uint8Array): Promise<void> {
  if (data.length === 0 || stream.destroyed || io.outputGone()) return;
  if (stream.write(data)) return;
  try {
    await once(stream, "drain", { signal: io.signal });
  } catch {
    // The command ends: what is not written yet goes out or is not wanted.
  }
}
