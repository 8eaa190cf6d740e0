import { refused } from "./refused.ts";

const digitsMax = 38;

/** The number in the form in which the table keeps and returns it. Fractions and exponents are not simulated: nothing here needs them. */
export function normalNumber(text: string): string {
  if (/^(?:0|[1-9]\d{0,14})$/.test(text)) return text;
  if (!/^-?\d+$/.test(text)) throw refused(`"${text}" is no integer.`);
  return checked(BigInt(text));
}

export function sum(a: string, b: string, sign: 1n | -1n): string {
  if (a.length < 15 && b.length < 15) return String(Number(a) + Number(sign) * Number(b));
  return checked(BigInt(a) + sign * BigInt(b));
}

export function compareNumbers(a: string, b: string): number {
  if (a.length < 16 && b.length < 16) return Number(a) - Number(b);
  const [x, y] = [BigInt(a), BigInt(b)];
  if (x === y) return 0;
  return x < y ? -1 : 1;
}

/** Digits that are stored: trailing zeros are not. */
export function significantDigits(text: string): number {
  return text.replace(/^-?0*/, "").replace(/0+$/, "").length;
}

function checked(value: bigint): string {
  const text = value.toString();
  if (significantDigits(text) > digitsMax || text.length > 126) throw refused(`${text} has more than ${digitsMax} significant digits.`);
  return text;
}
