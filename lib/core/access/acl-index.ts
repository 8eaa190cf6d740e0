import { type Acl, anyName, type NeededOperation, neededOperations, type Operation, type ResourceType } from "./acl.ts";
import { everyone } from "./principal.ts";

/** What the ACLs of one pattern say about one principal: sets of operations, a bit each. */
interface Rule {
  allowed: number;
  denied: number;
}
type RulesByPrincipal = Map<string, Rule>;

/** The rules of one resource type. */
interface OfType {
  readonly literal: Map<string, RulesByPrincipal>;
  readonly prefixed: Map<string, RulesByPrincipal>;
  /** Of the prefixes, each once: a name has one candidate of each length. */
  prefixLengths: readonly number[];
}

const bitOf = Object.fromEntries(neededOperations.map((operation, at) => [operation, 1 << at])) as Readonly<
  Record<NeededOperation, number>
>;
const allBits = (1 << neededOperations.length) - 1;
const impliesDescribe: ReadonlySet<Operation> = new Set(["READ", "WRITE", "DELETE", "ALTER"]);

/** Decides from a set of ACLs: a DENY wins, and what nothing allows is refused. A decision looks at the patterns that fit the name, not at all ACLs. */
export class AclIndex {
  readonly #types = new Map<ResourceType, OfType>();

  constructor(acls: Iterable<Acl>) {
    for (const acl of acls) this.#add(acl);
    for (const type of this.#types.values()) {
      type.prefixLengths = [...new Set(Array.from(type.prefixed.keys(), (prefix) => prefix.length))];
    }
  }

  /** Whether the principal may do this to the resource of that name. */
  isAllowed(principal: string, operation: NeededOperation, resourceType: ResourceType, name: string): boolean {
    const type = this.#types.get(resourceType);
    if (type === undefined) return false;
    const bit = bitOf[operation];
    let allowed = 0;
    let denied = 0;
    const look = (rules: RulesByPrincipal | undefined): void => {
      if (rules === undefined) return;
      for (const who of [principal, everyone]) {
        const rule = rules.get(who);
        if (rule === undefined) continue;
        allowed |= rule.allowed;
        denied |= rule.denied;
      }
    };
    look(type.literal.get(name));
    if (name !== anyName) look(type.literal.get(anyName));
    for (const length of type.prefixLengths) if (length <= name.length) look(type.prefixed.get(name.slice(0, length)));
    return (denied & bit) === 0 && (allowed & bit) !== 0;
  }

  #add({ resourceType, patternType, resourceName, principal, operation, permission }: Acl): void {
    const type = entryOf<ResourceType, OfType>(this.#types, resourceType, () => ({
      literal: new Map(),
      prefixed: new Map(),
      prefixLengths: [],
    }));
    const patterns = patternType === "LITERAL" ? type.literal : type.prefixed;
    const rules = entryOf<string, RulesByPrincipal>(patterns, resourceName, () => new Map());
    const rule = entryOf<string, Rule>(rules, principal, () => ({ allowed: 0, denied: 0 }));
    if (permission === "ALLOW") rule.allowed |= allowedBits(operation);
    else rule.denied |= operation === "ALL" ? allBits : bitOf[operation];
  }
}

/** An operation with those that it implies; a DENY implies none. */
function allowedBits(operation: Operation): number {
  if (operation === "ALL") return allBits;
  if (impliesDescribe.has(operation)) return bitOf[operation] | bitOf.DESCRIBE;
  return operation === "ALTER_CONFIGS" ? bitOf.ALTER_CONFIGS | bitOf.DESCRIBE_CONFIGS : bitOf[operation];
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
