import { LogError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Disk, DiskEntry } from "./disk.ts";

/** File systems take names of 255 bytes. A longer element is laid out as folders of pieces. */
const pieceLength = 200;
/** Ends the name of an object's file: no key has it, so that `a` and `a/b` can both be stored. */
const objectMark = "~";
/** Ends the name of a folder that is a piece of a longer element. */
const pieceMark = "+";

const keyRule = /^[A-Za-z0-9/._=-]+$/;

/** @throws invalid_request */
export function checkObjectKey(key: string): void {
  const isShort = key.length > 0 && key.length <= limits.objectKeyBytesMax;
  if (isShort && keyRule.test(key) && !key.split("/").some((element) => /^\.*$/.test(element))) return;
  throw new LogError(
    "invalid_request",
    `"${key.slice(0, 80)}" is no object key: 1 to ${limits.objectKeyBytesMax} of letters, digits, / . _ - =, no empty or dot-only element.`,
  );
}

/** Where the object of a checked key is: folders below the store's, each with a leading slash, and the file's name. */
export function objectPath(key: string): { readonly folders: readonly string[]; readonly name: string } {
  const elements = key.split("/");
  const last = piecesOf(elements.pop() ?? "");
  const name = `${last.pop() ?? ""}${objectMark}`;
  const folders = elements.flatMap((element) => {
    const pieces = piecesOf(element);
    const end = pieces.pop() ?? "";
    return [...pieces.map((piece) => `/${piece}${pieceMark}`), `/${end}`];
  });
  return { folders: [...folders, ...last.map((piece) => `/${piece}${pieceMark}`)], name };
}

/** Stored keys that start with the prefix, after a key, in order. Only folders that can hold such keys are listed. */
export async function* walkObjects(
  disk: Disk,
  root: string,
  prefix: string,
  after: string | undefined,
): AsyncGenerator<{ readonly key: string; readonly path: string }> {
  const wants = (key: string): boolean => key.startsWith(prefix) && (after === undefined || key > after);
  const mayHold = (start: string): boolean =>
    (start.startsWith(prefix) || prefix.startsWith(start)) && (after === undefined || start > after || after.startsWith(start));
  yield* walk(disk, root, "", wants, mayHold);
}

async function* walk(
  disk: Disk,
  folder: string,
  start: string,
  wants: (key: string) => boolean,
  mayHold: (start: string) => boolean,
): AsyncGenerator<{ readonly key: string; readonly path: string }> {
  const entries = (await disk.list(folder)).map((entry) => ({
    name: entry.name,
    isFolder: entry.isFolder,
    key: start + keyPieceOf(entry),
  }));
  entries.sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
  const isInterleaved = entries.some((entry) => entry.name.endsWith(pieceMark));
  const found: { readonly key: string; readonly path: string }[] = [];
  for (const { name, isFolder, key } of entries) {
    const path = `${folder}/${name}`;
    if (!isFolder) {
      if (!wants(key)) continue;
      if (isInterleaved) found.push({ key, path });
      else yield { key, path };
    } else if (mayHold(key)) {
      if (isInterleaved) for await (const one of walk(disk, path, key, wants, mayHold)) found.push(one);
      else yield* walk(disk, path, key, wants, mayHold);
    }
  }
  // A piece's keys may come before and after those of the folder of the same name, so such a level is sorted as a whole.
  yield* found.sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
}

/** What an entry adds to the keys below it, or to its own. */
function keyPieceOf({ name, isFolder }: DiskEntry): string {
  if (!isFolder) return name.slice(0, -objectMark.length);
  return name.endsWith(pieceMark) ? name.slice(0, -pieceMark.length) : `${name}/`;
}

function piecesOf(element: string): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < element.length; at += pieceLength) pieces.push(element.slice(at, at + pieceLength));
  return pieces;
}
