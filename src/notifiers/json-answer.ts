/** The JSON object in an answer; undefined for anything else, cut ones included. */
export function readJson(body: string): object | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What stands at `path`; undefined when something is missing on the way. Array positions are decimal text. */
export function valueIn(value: unknown, ...path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = Reflect.get(at, name);
  }
  return at;
}

/** The text or number at `path` if it has the form that we know: receivers could otherwise put alarm text into our log. */
export function textIn(value: unknown, form: RegExp, ...path: readonly string[]): string | undefined {
  const found = valueIn(value, ...path);
  const text = typeof found === 'number' ? String(found) : found;
  return typeof text === 'string' && form.test(text) ? text : undefined;
}
