import { hash, timingSafeEqual } from "node:crypto";

/** An API token's text: `slt_`, its id (8 bytes) and its secret (32 bytes) in hex. */
const pattern = /^slt_([0-9a-f]{16})_([0-9a-f]{64})$/;

export function tokenText(id: string, secret: string): string {
  return `slt_${id}_${secret}`;
}

/** Undefined when it is none. */
export function parseToken(text: string): { readonly id: string; readonly secret: string } | undefined {
  const [, id, secret] = pattern.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** SHA-256 in hex: enough for secrets that nobody can guess. */
export function hashOf(secret: string): string {
  return hash("sha256", secret);
}

/** Whether a secret has this hash, in a time that does not tell how much of it is right. */
export function hasHash(secret: string, hashed: string): boolean {
  const [own, other] = [Buffer.from(hashOf(secret)), Buffer.from(hashed)];
  return own.length === other.length && timingSafeEqual(own, other);
}
