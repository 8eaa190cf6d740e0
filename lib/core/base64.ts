const alphabet = new TextEncoder().encode("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
const padding = 0x3d;
const decoder = new TextDecoder();

/** One piece of work space is kept: most contents are small. */
const keptBytes = 64 * 1024;
const kept = new Uint8Array(keptBytes);

/** Characters of `bytes` bytes in base64. */
export function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

/** Base64 (RFC 4648, section 4, with padding), several times as fast as `btoa`, which wants a string of the bytes first. */
export function toBase64(bytes: Uint8Array): string {
  const count = base64Length(bytes.length);
  const text = count <= keptBytes ? kept : new Uint8Array(count);
  const whole = bytes.length - (bytes.length % 3);
  let at = 0;
  for (let i = 0; i < whole; i += 3) {
    const group = ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8) | (bytes[i + 2] as number);
    text[at++] = alphabet[group >> 18] as number;
    text[at++] = alphabet[(group >> 12) & 63] as number;
    text[at++] = alphabet[(group >> 6) & 63] as number;
    text[at++] = alphabet[group & 63] as number;
  }
  if (whole < bytes.length) writeRest(text, at, bytes, whole);
  return decoder.decode(text.subarray(0, count));
}

/** The last one or two bytes. */
function writeRest(text: Uint8Array, at: number, bytes: Uint8Array, from: number): void {
  const second = bytes[from + 1];
  const group = ((bytes[from] as number) << 8) | (second ?? 0);
  text[at] = alphabet[group >> 10] as number;
  text[at + 1] = alphabet[(group >> 4) & 63] as number;
  text[at + 2] = second === undefined ? padding : (alphabet[(group & 15) << 2] as number);
  text[at + 3] = padding;
}

/** @throws a DOMException when the text is not base64 */
export function fromBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
