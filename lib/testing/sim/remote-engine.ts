import { collectBytes } from "../../core/collect-bytes.ts";
import type { Engine } from "../../ports/engine.ts";
import type { Life } from "./life.ts";
import type { Network } from "./network.ts";

/** How long the log waits for its storage. Shorter than what a client waits for the log. */
export const storageTimeoutMs = 400;

/** An engine on the other side of a network. Reads may be delivered twice; writes are sent once, as the ports' contract demands. */
export function remoteEngine(engine: Engine, network: Network, life: Life): Engine {
  const { journal, objects, catalog, upkeep } = engine;
  const once = <T>(what: string, target: () => Promise<T>) => network.call(life, what, target, { timeoutMs: storageTimeoutMs });
  const twice = <T>(what: string, target: () => Promise<T>) =>
    network.call(life, what, target, { timeoutMs: storageTimeoutMs, repeatable: true });
  return {
    journal: {
      open: (shard, shape) => twice(`open ${shard.shard} ${shape.partitions}/${shape.layout}`, () => journal.open(shard, shape)),
      append: (shard, entry, guards) => once(`append ${shard.shard}`, () => journal.append(shard, entry, guards)),
      transact: (appends, writes) =>
        once(`transact ${appends.map(({ shard }) => shard.shard).join()}`, () => journal.transact(appends, writes)),
      head: (shard, producerId) => twice(`head ${shard.shard}`, () => journal.head(shard, producerId)),
      entries: (shard, from, limit) => twice(`entries ${shard.shard}`, () => journal.entries(shard, from, limit)),
      read: (slices) => twice(`read ${slices.length}`, () => journal.read(slices)),
      trim: (shard, toSeq) => twice(`trim ${shard.shard}`, () => journal.trim(shard, toSeq)),
      close: (shard) => twice(`close ${shard.shard}`, () => journal.close(shard)),
    },
    objects: {
      // A source of pieces belongs to its process and gives them once: what travels is the bytes.
      put: async (key, body) => {
        const bytes = body instanceof Uint8Array ? body : await collectBytes(body);
        return await once(`put ${key}`, () => objects.put(key, bytes));
      },
      get: (key, range) => twice(`get ${key}`, () => objects.get(key, range)),
      list: (prefix, page) => twice(`list ${prefix}`, () => objects.list(prefix, page)),
      delete: (keys) => twice(`delete ${keys.length}`, () => objects.delete(keys)),
    },
    catalog: {
      get: (key) => twice(`get ${key.pk}/${key.sk}`, () => catalog.get(key)),
      query: (pk, range) => twice(`query ${pk}`, () => catalog.query(pk, range)),
      transact: (writes) => once(`write ${writes.map(({ key }) => key.sk).join()}`, () => catalog.transact(writes)),
    },
    upkeep: {
      reclaim: (shard, options) => twice(`reclaim ${shard.shard}`, () => upkeep.reclaim(shard, options)),
      sweep: (options) => twice("sweep", () => upkeep.sweep(options)),
      verify: (onDamage, signal) => twice("verify", () => upkeep.verify(onDamage, signal)),
    },
    isShared: true,
    close: () => engine.close(),
  };
}
