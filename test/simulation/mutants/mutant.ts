/** A fault of the protocol, planted into the engine for one run. */
export interface Mutant {
  readonly name: string;
  /** Replaces parts of the engine; the result puts the originals back. */
  plant(world: { nowMs(): number }): () => void;
}

type AnyMethod = (...args: never[]) => unknown;
type Replacements<Owner> = {
  [Name in keyof Owner]?: Owner[Name] extends (...args: infer Args) => infer Result
    ? (original: Owner[Name]) => (this: Owner, ...args: Args) => Result
    : never;
};

/** Replaces methods of a class; each replacement is given the original. */
export function replaceMethods<Owner extends object>(owner: Owner, replacements: Replacements<Owner>): () => void {
  const methods = owner as Record<string, AnyMethod>;
  const originals: [string, AnyMethod][] = [];
  for (const [name, replace] of Object.entries(replacements) as [string, (original: AnyMethod) => AnyMethod][]) {
    const original = methods[name];
    if (original === undefined) throw new TypeError(`no method ${name} to replace`);
    originals.push([name, original]);
    methods[name] = replace(original);
  }
  return () => {
    for (const [name, original] of originals) methods[name] = original;
  };
}
