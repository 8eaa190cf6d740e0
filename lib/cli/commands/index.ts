import type { Command } from "../command.ts";
import { aclsAdd } from "./acls-add.ts";
import { aclsList } from "./acls-list.ts";
import { aclsRemove } from "./acls-remove.ts";
import { check } from "./check.ts";
import { conformance } from "./conformance.ts";
import { consume } from "./consume.ts";
import { consumersDeadLetters } from "./consumers-dead-letters.ts";
import { consumersDelete } from "./consumers-delete.ts";
import { consumersDescribe } from "./consumers-describe.ts";
import { consumersList } from "./consumers-list.ts";
import { consumersPause, consumersResume } from "./consumers-pause.ts";
import { consumersRedrive } from "./consumers-redrive.ts";
import { groupsDelete } from "./groups-delete.ts";
import { groupsDescribe } from "./groups-describe.ts";
import { groupsList } from "./groups-list.ts";
import { groupsReset } from "./groups-reset.ts";
import { offsets } from "./offsets.ts";
import { perfConsume } from "./perf-consume.ts";
import { perfProduce } from "./perf-produce.ts";
import { produce } from "./produce.ts";
import { quotasAlter } from "./quotas-alter.ts";
import { quotasDescribe } from "./quotas-describe.ts";
import { serve } from "./serve.ts";
import { tokensCreate } from "./tokens-create.ts";
import { tokensList } from "./tokens-list.ts";
import { tokensRevoke } from "./tokens-revoke.ts";
import { topicsAlter } from "./topics-alter.ts";
import { topicsCreate } from "./topics-create.ts";
import { topicsDelete } from "./topics-delete.ts";
import { topicsDescribe } from "./topics-describe.ts";
import { topicsList } from "./topics-list.ts";
import { topicsTrim } from "./topics-trim.ts";

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  serve,
  topicsCreate,
  topicsList,
  topicsDescribe,
  topicsAlter,
  topicsTrim,
  topicsDelete,
  produce,
  consume,
  offsets,
  groupsList,
  groupsDescribe,
  groupsReset,
  groupsDelete,
  consumersList,
  consumersDescribe,
  consumersPause,
  consumersResume,
  consumersDeadLetters,
  consumersRedrive,
  consumersDelete,
  aclsAdd,
  aclsList,
  aclsRemove,
  tokensCreate,
  tokensList,
  tokensRevoke,
  quotasAlter,
  quotasDescribe,
  check,
  perfProduce,
  perfConsume,
  conformance,
];
