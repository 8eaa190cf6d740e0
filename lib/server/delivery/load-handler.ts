import { statSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { AnyHandler } from "./invoke.ts";
import type { WorkerStart } from "./worker-messages.ts";

/** A handler that cannot be loaded, in words for its author. */
export class NotLoaded extends Error {
  override readonly name = "NotLoaded";
  /** Such as `handler.ts:3`; empty when it is not known. */
  readonly place: string;

  constructor(message: string, place = "", options?: ErrorOptions) {
    super(message, options);
    this.place = place;
  }
}

/** Imports a file and finds its handler. @throws NotLoaded */
export async function loadHandler({ file, exportName }: WorkerStart): Promise<AnyHandler> {
  const module = await importFile(file);
  const inner = module["default"];
  // Of a CommonJS module Node does not find every export by name.
  const handler = module[exportName] ?? (isObject(inner) ? inner[exportName] : undefined);
  if (typeof handler === "function") return handler as AnyHandler;
  if (handler !== undefined) throw new NotLoaded(`${exportName} is no function, but ${typeof handler}.`);
  const names = [...new Set([...Object.keys(module), ...(isObject(inner) ? Object.keys(inner) : [])])];
  const shown = names.filter((name) => name !== "default" && name !== "module.exports").slice(0, namesShownMax);
  const others =
    shown.length === 0 ? "It exports nothing by name." : `It exports ${shown.join(", ")}: name one after the file, as in #${shown[0]}.`;
  throw new NotLoaded(`There is no export ${exportName}. ${others}`);
}

const namesShownMax = 10;

async function importFile(file: string): Promise<Readonly<Record<string, unknown>>> {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) throw new NotLoaded("The file is not there.");
  if (found.isDirectory()) throw new NotLoaded("It is a folder: name the file in it that has the function.");
  try {
    return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (reason) {
    throw new NotLoaded(wordsOf(reason), placeOf(reason), { cause: reason });
  }
}

function wordsOf(reason: unknown): string {
  if (!(reason instanceof Error)) return String(reason);
  const { name, message, code } = reason as NodeJS.ErrnoException;
  const words = `${name}: ${message}`;
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") {
    return `${words}. Node runs TypeScript by leaving the types out: write it without enum, namespace, parameter properties and the like ("erasableSyntaxOnly" in tsconfig.json finds them), or give the compiled .js.`;
  }
  if (code === "ERR_MODULE_NOT_FOUND") return `${words}. (Node wants a file's name with its extension: ./orders.ts.)`;
  return words;
}

/** Where an error comes from, in a file that is the author's own. */
function placeOf(reason: unknown): string {
  const stack = reason instanceof Error ? (reason.stack ?? "") : "";
  // A syntax error's stack begins with its place; others have theirs in the first line of a file.
  const ofSyntax = /^(?:file:\/\/)?(\/[^\n]*|[A-Za-z]:\\[^\n]*):(\d+)\n/.exec(stack);
  const ofFrame = /(?:file:\/\/)?(\/[^\n()]*|[A-Za-z]:\\[^\n()]*):(\d+):\d+\)?$/m.exec(
    stack
      .split("\n")
      .filter((line) => /^\s+at /.test(line) && !line.includes("node:"))
      .join("\n"),
  );
  const found = ofSyntax ?? ofFrame;
  return found === null ? "" : `${found[1]}:${found[2]}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
