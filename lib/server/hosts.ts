import { isIP } from "node:net";
import { LogError } from "../core/errors.ts";

const loopbackNames: ReadonlySet<string> = new Set(["127.0.0.1", "::1", "localhost"]);

/** Whether only this machine reaches a server that listens there. */
export function isLoopback(host: string): boolean {
  return loopbackNames.has(host);
}

/**
 * A log without credentials is for its own machine only.
 * @throws forbidden for an address that other machines can reach
 */
export function checkBindHost(host: string, hasCredentials: boolean): void {
  if (isLoopback(host) || hasCredentials) return;
  throw new LogError(
    "forbidden",
    `Will not listen on ${host}: other machines could read and write the log without credentials. Use 127.0.0.1, ::1 or localhost, or configure credentials: STRATALOG_ADMIN_TOKEN, --jwt-issuer with --jwt-audience, or --tokens on.`,
  );
}

/**
 * Which `Host` headers are this server's: a loopback name with its port, and those that were allowed by name
 * (with or without a port).
 * @param takesAddresses whether an IP address with its port is one too: no page can make a name of its own into one
 */
export function hostRule(port: () => number, allowed: readonly string[], takesAddresses: boolean): (host: string) => boolean {
  const extra = new Set(allowed.map((host) => host.toLowerCase()));
  return (host) => {
    if (extra.has(host)) return true;
    const split = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(host);
    if (split === null) return false;
    const name = (split[1] ?? "").replace(/^\[(.*)\]$/, "$1");
    if (extra.has(name)) return true;
    return (loopbackNames.has(name) || (takesAddresses && isIP(name) !== 0)) && Number(split[2] ?? "80") === port();
  };
}

/** The URL under which a server that listens there is reached. */
export function urlOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
