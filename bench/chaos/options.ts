/** The names that `--guards` (all) or `--guard NAME` asks for; none where neither is given. @throws Error for a name that is none */
export function guardsWanted<Name extends string>(
  guards: Readonly<Record<Name, unknown>>,
  asked: { readonly guards: boolean; readonly guard?: string | undefined },
): readonly Name[] {
  const names = Object.keys(guards) as Name[];
  if (asked.guards) return names;
  if (asked.guard === undefined) return [];
  const chosen = names.filter((name) => name === asked.guard);
  if (chosen.length === 0) throw new Error(`--guard is one of ${names.join(", ")}`);
  return chosen;
}

/** A number of the command line, at least 0. @throws Error */
export function numberOf(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isFinite(number) || number < 0) throw new Error(`--${name} must be a number`);
  return number;
}
