import type { Consumers } from "../../log/consumers/consumers.ts";
import type { Log } from "../../log/log.ts";

/**
 * A log that tells of what is changed through it and may give a delivery something to do: consumers, topics, and offsets that are set. Appends tell by `log.changed`.
 * @param tell called after each such change, also after one that failed: nobody knows of some whether they were done
 */
export function tellingLog(log: Log, tell: () => void): Log {
  const { consumers, topics, groups } = log;
  const telling = async <T>(change: Promise<T>): Promise<T> => await change.finally(tell);
  return {
    ...log,
    consumers: {
      ...methodsOf(consumers),
      put: (consumer) => telling(consumers.put(consumer)),
      remove: (group) => telling(consumers.remove(group)),
      setEnabled: (group, enabled) => telling(consumers.setEnabled(group, enabled)),
      retryNow: (group) => telling(consumers.retryNow(group)),
      redrive: (group, ids) => telling(consumers.redrive(group, ids)),
    },
    topics: {
      create: (request) => telling(topics.create(request)),
      list: (page) => topics.list(page),
      get: (name) => topics.get(name),
      alter: (name, change) => telling(topics.alter(name, change)),
      delete: (name) => telling(topics.delete(name)),
    },
    groups: {
      heartbeat: (group, member, beat) => groups.heartbeat(group, member, beat),
      leave: (group, member, session) => groups.leave(group, member, session),
      acquire: (group, member) => groups.acquire(group, member),
      commit: (group, member, offsets) => groups.commit(group, member, offsets),
      set: (group, offsets) => telling(groups.set(group, offsets)),
      committed: (group) => groups.committed(group),
      list: (page) => groups.list(page),
      describe: (group) => groups.describe(group),
      settle: (group) => groups.settle(group),
      delete: (group) => telling(groups.delete(group)),
    },
  };
}

/** Consumers whose methods can be replaced one by one. */
export function methodsOf(consumers: Consumers): Consumers {
  return {
    put: (consumer) => consumers.put(consumer),
    remove: (group) => consumers.remove(group),
    list: (page) => consumers.list(page),
    get: (group) => consumers.get(group),
    setEnabled: (group, enabled) => consumers.setEnabled(group, enabled),
    retryNow: (group) => consumers.retryNow(group),
    state: (consumer) => consumers.state(consumer),
    status: (group) => consumers.status(group),
    deadLetters: (group, page) => consumers.deadLetters(group, page),
    redrive: (group, ids) => consumers.redrive(group, ids),
    forget: (group, ids) => consumers.forget(group, ids),
    pending: (of, onFailure) => consumers.pending(of, onFailure),
    deliver: (delivery, carrier, limits) => consumers.deliver(delivery, carrier, limits),
  };
}
