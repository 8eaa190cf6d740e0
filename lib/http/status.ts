import type { ErrorCode } from "../core/errors.ts";

/** The HTTP status of each error code. `Record` keeps it complete: a new code without a status does not compile. */
export const statusOf: Readonly<Record<ErrorCode, number>> = {
  invalid_request: 400,
  invalid_topic: 400,
  invalid_config: 400,
  invalid_partitions: 400,
  corrupt_message: 400,
  invalid_group_id: 400,
  unsupported_version: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  unknown_topic_or_partition: 404,
  group_id_not_found: 404,
  unknown_member_id: 404,
  method_not_allowed: 405,
  not_acceptable: 406,
  topic_already_exists: 409,
  out_of_order_sequence: 409,
  sequence_reused: 409,
  producer_fenced: 409,
  illegal_generation: 409,
  fenced_instance_id: 409,
  non_empty_group: 409,
  conflict: 409,
  wrong_expected_offset: 412,
  message_too_large: 413,
  request_too_large: 413,
  unsupported_media_type: 415,
  offset_out_of_range: 416,
  throttled: 429,
  corrupt_log: 500,
  internal: 500,
  unavailable: 503,
  timeout: 504,
  storage_full: 507,
};

/** Some records of a request are in the log and some are not. */
export const statusPartly = 207;
