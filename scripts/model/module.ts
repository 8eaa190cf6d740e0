/** What the runner knows of a TLA+ module: its constants, and the configurations to check it with. */

/** A list is a sequence, an object a record. */
export type TlaValue = boolean | number | string | readonly TlaValue[] | { readonly [field: string]: TlaValue };

export type Constants = Readonly<Record<string, TlaValue>>;

/**
 * A configuration's name says what must come of it: `ce*` has one guard missing and must violate, everything else must
 * complete without a violation (`ok*`; `mid*` and `big*` are larger; `red*` lacks a guard that proved redundant; `live*`
 * checks that something happens in the end).
 */
export interface Module {
  readonly name: string;
  /** The guarded protocol and the smallest bounds. */
  readonly defaults: Constants;
  readonly invariants: readonly string[];
  /** By name: what differs from the defaults. */
  readonly configurations: Readonly<Record<string, Constants>>;
  /** Invariants that only some configurations keep, by the configuration's name. */
  readonly more?: Readonly<Record<string, readonly string[]>>;
  /** Invariants in place of the module's, by the configuration's name: where another would be violated sooner. */
  readonly only?: Readonly<Record<string, readonly string[]>>;
  /** Complete behaviours, in place of invariants: by the configuration's name, the specification and the property. */
  readonly live?: Readonly<Record<string, Live>>;
  /** Too slow for the quick run. */
  readonly slow: readonly string[];
}

export interface Live {
  readonly specification: string;
  readonly property: string;
}

export interface Configuration {
  readonly module: string;
  readonly name: string;
  readonly constants: Constants;
  readonly invariants: readonly string[];
  readonly live?: Live;
  readonly isQuick: boolean;
  readonly mustViolate: boolean;
}

export function configurationsOf({ name: module, defaults, invariants, configurations, more, only, live, slow }: Module): Configuration[] {
  return Object.entries(configurations).map(([name, differing]) => {
    const unknown = Object.keys(differing).find((constant) => !(constant in defaults));
    if (unknown !== undefined) throw new Error(`${module}/${name} sets ${unknown}, which the module has not.`);
    const liveness = live?.[name];
    return {
      module,
      name,
      constants: { ...defaults, ...differing },
      invariants: only?.[name] ?? [...invariants, ...(more?.[name] ?? [])],
      ...(liveness === undefined ? {} : { live: liveness }),
      isQuick: !slow.includes(name),
      mustViolate: name.startsWith("ce"),
    };
  });
}

/**
 * The same configuration, asked whether its good end can be reached at all: the invariant NeverDone must be violated.
 * Without that, "no violation" could mean that nothing ever happened.
 */
export function asReachability(configuration: Configuration): Configuration {
  const { live: _live, ...rest } = configuration;
  return { ...rest, name: `reach_${configuration.name}`, invariants: ["NeverDone"], mustViolate: true };
}
