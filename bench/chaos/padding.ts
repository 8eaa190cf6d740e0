const lengthDigits = 7;
const pattern = Array.from({ length: 4_096 }, (_, at) => ((at * 7_919) % 36).toString(36)).join("");

/** Values that are long, and known by their names alone: the name, and a filling that follows from it. */
export function padded(name: string, chars: number): string {
  return chars === 0 ? name : `${name} ${String(chars).padStart(lengthDigits, "0")}${filling(name, chars)}`;
}

/** The name of a value that is whole; of any other, something that nobody has sent. */
export function nameOf(value: string): string {
  const space = value.indexOf(" ");
  if (space < 0) return value;
  const name = value.slice(0, space);
  const chars = Number(value.slice(space + 1, space + 1 + lengthDigits));
  return padded(name, chars) === value ? name : `${name} (not as it was sent)`;
}

function filling(name: string, chars: number): string {
  const own = `${name}.${pattern}`;
  return own.repeat(Math.ceil(chars / own.length)).slice(0, chars);
}
