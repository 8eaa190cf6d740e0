import { mediaTypes } from "../../lib/http/wire.ts";
import { adminToken } from "./targets.ts";

export const admin = { authorization: `Bearer ${adminToken}` };
export const json = { ...admin, "content-type": mediaTypes.json };
export const raw = { ...admin, "content-type": mediaTypes.recordBatch };

export interface Attack {
  readonly name: string;
  readonly status: number | readonly number[];
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

export const get = (name: string, path: string, status: Attack["status"], headers: Readonly<Record<string, string>> = admin): Attack => ({
  name,
  status,
  path,
  headers,
});
export const post = (
  name: string,
  path: string,
  body: string | Uint8Array,
  status: Attack["status"],
  headers: Readonly<Record<string, string>> = json,
): Attack => ({
  name,
  status,
  path,
  method: "POST",
  headers,
  body: body as string | Uint8Array<ArrayBuffer>,
});
export const put = (name: string, path: string, body: object | string, status: Attack["status"]): Attack => ({
  ...post(name, path, typeof body === "string" ? body : JSON.stringify(body), status),
  method: "PUT",
});
