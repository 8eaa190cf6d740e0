import { type Acl, aclText } from "../core/access/acl.ts";
import { checkAcl } from "../core/access/check-acl.ts";
import { LogError } from "../core/errors.ts";
import type { Acls } from "../log/acls.ts";
import type { Properties, ResourceKind } from "./custom-resource.ts";

/** Access rules that a stack declares: there as long as their declaration is. */
export function aclResource(acls: Acls): ResourceKind {
  const remove = async (gone: readonly Acl[]): Promise<void> => {
    for (const acl of gone) await acls.remove(acl);
  };
  return {
    async create(properties) {
      const declared = read(properties);
      await acls.add(declared);
      return { physicalId: `acls#${declared[0]?.resourceType ?? ""}#${declared[0]?.resourceName ?? ""}` };
    },

    async update(properties, before, physicalId) {
      const declared = read(properties);
      const kept = new Set(declared.map(aclText));
      // First the new ones: who has both keeps its rights all along.
      await acls.add(declared);
      await remove(read(before).filter((acl) => !kept.has(aclText(acl))));
      return { physicalId };
    },

    async delete(properties) {
      await remove(read(properties));
    },
  };
}

function read({ acls }: Properties): readonly Acl[] {
  if (!Array.isArray(acls)) throw new LogError("invalid_request", "Declared access rules need a list of acls.");
  return acls.map(checkAcl);
}
