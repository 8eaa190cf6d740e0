import { LogError } from "../core/errors.ts";

const loopbackNames: ReadonlySet<string> = new Set(["127.0.0.1", "::1", "localhost"]);

/**
 * A log without credentials is for its own machine only.
 * @throws forbidden for an address that other machines can reach
 */
export function checkBindHost(host: string): void {
  if (loopbackNames.has(host)) return;
  throw new LogError(
    "forbidden",
    `Will not listen on ${host}: other machines could read and write the log without credentials. Use 127.0.0.1, ::1 or localhost.`,
  );
}

/**
 * Which `Host` headers are this server's: a loopback name with its port, and those that were allowed by name
 * (with or without a port).
 */
export function hostRule(port: () => number, allowed: readonly string[]): (host: string) => boolean {
  const extra = new Set(allowed.map((host) => host.toLowerCase()));
  return (host) => {
    if (extra.has(host)) return true;
    const split = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(host);
    if (split === null) return false;
    const name = (split[1] ?? "").replace(/^\[(.*)\]$/, "$1");
    if (extra.has(name)) return true;
    return loopbackNames.has(name) && Number(split[2] ?? "80") === port();
  };
}

/** The URL under which a server that listens there is reached. */
export function urlOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
