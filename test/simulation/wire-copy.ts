/**
 * A message as the other side of a channel gets it: what `JSON.parse(JSON.stringify(message))` makes of it, in a fraction of the time.
 *
 * @throws TypeError for what JSON carries differently than it looks, such as a bigint, bytes or an object of a class: no message may hold it.
 */
export function wireCopy<T>(message: T): T {
  return copyOf(message) as T;
}

function copyOf(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`JSON has no ${value}`);
      return value;
    case 'object':
      return value === null ? null : Array.isArray(value) ? value.map(copyOfElement) : copyOfObject(value);
    default:
      throw new TypeError(`JSON has no ${typeof value}`);
  }
}

function copyOfElement(element: unknown): unknown {
  if (element === undefined) throw new TypeError('JSON has no gaps in lists');
  return copyOf(element);
}

function copyOfObject(object: object): object {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype) throw new TypeError('JSON has no classes');
  const copy: Record<string, unknown> = {};
  const fields = object as Readonly<Record<string, unknown>>;
  for (const name in fields) {
    const field = fields[name];
    if (field !== undefined) copy[name] = copyOf(field);
  }
  return copy;
}
