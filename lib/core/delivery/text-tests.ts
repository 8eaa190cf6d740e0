export type TextTest = (text: string) => boolean;

/** A text without its case: two texts that differ in case only have the same. */
export function foldCase(text: string): string {
  // The one letter whose lower case depends on where it stands.
  return text.toLowerCase().replaceAll("ς", "σ");
}

/**
 * `*` stands for any text, also none; `\*` and `\\` for the characters themselves.
 * The time it takes grows with the text, however many `*` there are.
 * @throws WildcardFault
 */
export function wildcard(pattern: string): TextTest {
  const pieces = piecesOf(pattern);
  const first = pieces[0] as string;
  if (pieces.length === 1) return (text) => text === first;
  const last = pieces.at(-1) as string;
  const between = pieces.slice(1, -1);
  return (text) => {
    const end = text.length - last.length;
    if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    let from = first.length;
    for (const piece of between) {
      const found = text.indexOf(piece, from);
      if (found === -1) return false;
      from = found + piece.length;
    }
    return from <= end;
  };
}

/** What stands between the `*` of a pattern. */
function piecesOf(pattern: string): string[] {
  const pieces = [""];
  let afterStar = false;
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern.charAt(i);
    if (char === "*") {
      if (afterStar) throw new WildcardFault('has two "*" in a row: one is enough');
      afterStar = true;
      pieces.push("");
      continue;
    }
    afterStar = false;
    const next = pattern.charAt(i + 1);
    if (char === "\\" && next !== "*" && next !== "\\") throw new WildcardFault('has a backslash that is not before "*" or a backslash');
    pieces.push((pieces.pop() as string) + (char === "\\" ? next : char));
    if (char === "\\") i++;
  }
  return pieces;
}

/** What is wrong with a wildcard. */
export class WildcardFault extends Error {}
