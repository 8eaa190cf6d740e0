import { serverSettings } from "../../lib/config/settings.ts";
import type { EventLogProps } from "./event-log-props.ts";
import type { Store } from "./permissions.ts";
import { securityEnvironment } from "./security.ts";

/** What the functions are told. Nothing of it is secret. */
export function environmentOf(
  logName: string,
  { table, bucket }: Store,
  { security = {}, logLevel, offsetsRetention }: EventLogProps,
): Readonly<Record<string, string>> {
  return {
    [serverSettings.table.env]: table.tableName,
    [serverSettings.bucket.env]: bucket.bucketName,
    STRATALOG_LOG_NAME: logName,
    ...(logLevel !== undefined && { STRATALOG_LOG_LEVEL: logLevel }),
    ...(offsetsRetention !== undefined && { [serverSettings.offsetsRetention.env]: String(offsetsRetention.toMinutes()) }),
    ...securityEnvironment(security),
  };
}
