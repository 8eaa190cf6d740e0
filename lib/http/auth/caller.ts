import type { NeededOperation, ResourceType } from "../../core/access/acl.ts";
import { LogError } from "../../core/errors.ts";
import { shown } from "../query.ts";

/** Whether something may be done to the resource of that name, as known at one moment. */
export type Rights = (operation: NeededOperation, resourceType: ResourceType, name: string) => boolean;

/** Who calls: made by `Security.authenticate`. */
export interface Caller {
  /** `User:` and a name. */
  readonly principal: string;
  /** False where no credentials are configured: then nothing is checked, now or later. */
  readonly isChecked: boolean;
  /** @param isRefused whether the rights of a moment ago have refused already: then newer ones @throws unavailable */
  rights(isRefused?: boolean): Promise<Rights>;
  /** Looks at the credentials again. @throws unauthenticated when they hold no longer; unavailable */
  confirm(): Promise<void>;
}

/** One thing that is asked for. */
export interface Need {
  readonly operation: NeededOperation;
  readonly resourceType: ResourceType;
  readonly name: string;
}

/** Who has no need to say. Kafka's name. */
export const anonymous: Caller = {
  principal: "User:ANONYMOUS",
  isChecked: false,
  rights: () => Promise.resolve(() => true),
  confirm: () => Promise.resolve(),
};

/** @param needs one of which is enough @throws forbidden, the same whether or not what it is about is there; unavailable */
export async function authorize(caller: Caller, needs: readonly Need[]): Promise<void> {
  if (isMet(await caller.rights(), needs)) return;
  if (isMet(await caller.rights(true), needs)) return;
  const operations = needs.map(({ operation }) => operation).join(" or ");
  const resources = new Set(needs.map(({ resourceType, name }) => `${resourceType} "${shown(name)}"`));
  throw new LogError(
    "forbidden",
    `${shown(caller.principal)} may not ${operations} on ${[...resources].join(" or ")}: that takes an ACL which allows it.`,
  );
}

function isMet(rights: Rights, needs: readonly Need[]): boolean {
  return needs.some(({ operation, resourceType, name }) => rights(operation, resourceType, name));
}
