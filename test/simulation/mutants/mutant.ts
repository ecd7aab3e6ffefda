/** A fault of the protocol, planted into the engine for one run. */
export interface Mutant {
  readonly name: string;
  /** Replaces a part; the result puts the original back. */
  plant(world: { nowMs(): number }): () => void;
}

/** Replaces a method of a class, and gives the original to the replacement. */
export function replaceMethod<Owner extends object, Name extends keyof Owner>(
  owner: Owner,
  name: Name,
  replacement: (original: Owner[Name]) => Owner[Name],
): () => void {
  const original = owner[name];
  owner[name] = replacement(original);
  return () => {
    owner[name] = original;
  };
}
