import { isUtf8 } from "node:buffer";
import type { Readable } from "node:stream";
import { LogError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";

const newline = 0x0a;
const carriageReturn = 0x0d;

/**
 * The lines of a stream, in lists as they arrive, without their ends ("\n" or "\r\n"). The last one needs no end.
 * When the signal aborts, the lines stop; what is no whole line by then is dropped.
 * @throws request_too_large for a line past `limits.messageBytesMax`
 */
export async function* lines(stream: Readable, signal: AbortSignal): AsyncGenerator<readonly Buffer[]> {
  const stop = (): void => void stream.destroy();
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  let rest: Buffer[] = [];
  let restBytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer | string>) {
      const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
      const { whole, tail } = split(bytes, rest);
      if (whole.length > 0) [rest, restBytes] = [[], 0];
      rest.push(tail);
      restBytes += tail.length;
      if (restBytes > limits.messageBytesMax) throw tooLong();
      if (whole.length > 0) yield whole;
      if (signal.aborted) return;
    }
    if (restBytes > 0) yield [trimmed(Buffer.concat(rest))];
  } catch (reason) {
    if (!signal.aborted) throw reason;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** A line as text when it is UTF-8, else its bytes. */
export function contentOf(line: Buffer): string | Uint8Array {
  return isUtf8(line) ? line.toString("utf8") : line;
}

function split(bytes: Buffer, rest: readonly Buffer[]): { readonly whole: readonly Buffer[]; readonly tail: Buffer } {
  const whole: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
    const piece = bytes.subarray(start, end);
    whole.push(trimmed(whole.length === 0 && rest.length > 0 ? Buffer.concat([...rest, piece]) : piece));
    start = end + 1;
  }
  return { whole, tail: bytes.subarray(start) };
}

function trimmed(line: Buffer): Buffer {
  return line.at(-1) === carriageReturn ? line.subarray(0, -1) : line;
}

function tooLong(): LogError {
  return new LogError("request_too_large", `A line is longer than ${limits.messageBytesMax} bytes, the most that a record can have.`);
}
