import { readFileSync } from "node:fs";

const lookEveryMs = 250;

/**
 * Under npm there is a shell between npm and this process, and a signal to npm ends only these two. So, when npm runs this process,
 * it watches its parents. @param onGone called once, when npm or its shell has ended
 * @returns ends the watching
 */
export function watchNpm(env: Readonly<Record<string, string | undefined>>, onGone: () => void): () => void {
  if (env["npm_lifecycle_event"] === undefined) return () => undefined;
  const before = parents();
  const timer = setInterval(() => {
    if (parents() === before) return;
    clearInterval(timer);
    onGone();
  }, lookEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** The parent, and where the system tells it the parent's parent. */
function parents(): string {
  const parent = process.ppid;
  try {
    const status = readFileSync(`/proc/${parent}/stat`, "utf8");
    // pid (name) state ppid: the name may hold anything, also parentheses.
    return `${parent} ${status.slice(status.lastIndexOf(")") + 1).split(" ")[2] ?? ""}`;
  } catch {
    return String(parent);
  }
}
