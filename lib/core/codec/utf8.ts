import { byteAt, copyBytes } from "./bytes.ts";

const encoder = new TextEncoder();
// The default would drop a leading byte order mark.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Bytes of a string in UTF-8. A lone surrogate counts as U+FFFD, as it is written. */
export function utf8Bytes(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) count += 1;
    else if (isPair(text, i, unit)) {
      count += 2;
      i++;
    } else count += 2;
  }
  return count;
}

function isPair(text: string, index: number, unit: number): boolean {
  return (unit & 0xfc00) === 0xd800 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00;
}

/** Writes a string of `count` UTF-8 bytes. */
export function writeUtf8(bytes: Uint8Array, position: number, text: string, count: number): void {
  if (count !== text.length) {
    copyBytes(bytes, position, encoder.encode(text));
    return;
  }
  for (let i = 0; i < count; i++) bytes[position + i] = text.charCodeAt(i);
}

/** Text of bytes that are UTF-8. What is not becomes U+FFFD. */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string {
  return decoder.decode(bytes.subarray(start, end));
}

/** Whether the bytes are well-formed UTF-8 (no overlong forms, no surrogates, at most U+10FFFF). */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let position = start;
  while (position < end) {
    const lead = byteAt(bytes, position++);
    if (lead < 0x80) continue;
    const trailing = lead >= 0xc2 && lead <= 0xdf ? 1 : lead >= 0xe0 && lead <= 0xef ? 2 : lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
    if (trailing === 0 || position + trailing > end) return false;
    const second = byteAt(bytes, position);
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high) return false;
    for (let i = 1; i < trailing; i++) if ((byteAt(bytes, position + i) & 0xc0) !== 0x80) return false;
    position += trailing;
  }
  return true;
}
