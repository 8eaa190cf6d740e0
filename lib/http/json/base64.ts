import { LogError } from "../../core/errors.ts";

const shape = /^[A-Za-z0-9+/]*={0,2}$/;

/** Strict base64 (RFC 4648, section 4, with padding): the text that `encodeBase64` gives back and no other. @throws invalid_request */
export function decodeBase64(text: string, field: string): Uint8Array {
  if (text.length % 4 === 0 && shape.test(text)) {
    const bytes = Buffer.from(text, "base64");
    // Bits that stand for nothing must be 0, so only the last group can differ.
    if (bytes.toString("base64", Math.max(0, bytes.length - (bytes.length % 3 || 3))) === text.slice(-4)) return bytes;
  }
  throw new LogError("invalid_request", `${field} is no base64: use A-Z, a-z, 0-9, "+" and "/", padded with "=" to a multiple of four.`);
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
