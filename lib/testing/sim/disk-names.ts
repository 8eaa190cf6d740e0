import type { SimFile } from "./disk-file.ts";
import type { Prng } from "./prng.ts";

export type SimNode = SimFile | "folder";

interface NameOp {
  readonly remove?: string;
  readonly add?: readonly [path: string, node: SimNode];
}

/** The names on a disk: as processes see them, and as they are on the medium. A change belongs to the folder that it is made in. */
export class SimNames {
  #onMedium = new Map<string, SimNode>();
  readonly #seen = new Map<string, SimNode>();
  #unsynced: { readonly folder: string; readonly op: NameOp }[] = [];

  get(path: string): SimNode | undefined {
    return this.#seen.get(path);
  }

  list(folder: string): readonly (readonly [name: string, node: SimNode])[] {
    return [...this.#seen].filter(([path]) => parentOf(path) === folder).map(([path, node]) => [path.slice(folder.length + 1), node]);
  }

  add(path: string, node: SimNode): void {
    this.#do(parentOf(path), { add: [path, node] });
  }

  rename(from: string, to: string, node: SimNode): void {
    this.#do(parentOf(to), { remove: from, add: [to, node] });
  }

  remove(path: string): void {
    this.#do(parentOf(path), { remove: path });
  }

  /** A sync of the folder that starts now, to be ended. When it fails, nothing is more durable than before. */
  begunSync(folder: string): (fails: Prng | undefined) => void {
    const begun = new Set(this.#unsynced.filter((change) => change.folder === folder));
    return (fails) => {
      if (fails !== undefined) return;
      for (const { op } of this.#unsynced.filter((change) => begun.has(change))) apply(this.#onMedium, op);
      this.#unsynced = this.#unsynced.filter((change) => !begun.has(change));
    };
  }

  /** The power fails: of the changes that were not synced any part is there. What lies in a folder that is gone is gone. */
  losePower(prng: Prng): void {
    for (const { op } of this.#unsynced) if (prng.chance(0.5)) apply(this.#onMedium, op);
    this.#unsynced = [];
    const isThere = (path: string): boolean => parentOf(path) === "" || (this.#onMedium.has(parentOf(path)) && isThere(parentOf(path)));
    this.#onMedium = new Map([...this.#onMedium].filter(([path]) => isThere(path)));
    this.#seen.clear();
    for (const [path, node] of this.#onMedium) this.#seen.set(path, node);
  }

  files(): ReadonlySet<SimFile> {
    const all = [...this.#seen.values(), ...this.#onMedium.values()];
    return new Set(all.filter((node) => node !== "folder"));
  }

  #do(folder: string, op: NameOp): void {
    apply(this.#seen, op);
    this.#unsynced.push({ folder, op });
  }
}

function apply(names: Map<string, SimNode>, { remove, add }: NameOp): void {
  if (remove !== undefined) names.delete(remove);
  if (add !== undefined) names.set(...add);
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
