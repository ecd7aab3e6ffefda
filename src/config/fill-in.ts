export type Environment = Readonly<Record<string, string | undefined>>;

/** A text with its references filled in, or what was expected of it. */
export type FilledIn = { readonly text: string } | { readonly expected: string };

const reference = /\$?\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?:(:-)([^{}]*))?\})?/g;

/**
 * Replaces `${NAME}` and `${NAME:-default}` in one scalar; `$${` stands for `${`.
 *
 * The default counts when the variable is unset or empty; references do not nest. Works after the parse, so a value can never change the structure of the file. A
 * lone dollar sign stays as it is, because passwords of old files contain them.
 */
export function fillIn(text: string, environment: Environment): FilledIn {
  let expected: string | undefined;
  const filled = text.replace(reference, (whole, name?: string, hasDefault?: string, fallback?: string) => {
    if (whole.startsWith('$$')) return whole.slice(1);
    if (name === undefined) {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the signs themselves are meant
      expected ??= '${NAME} or ${NAME:-default}, or $${ for the signs themselves, got an unfinished reference';
      return '';
    }
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (hasDefault !== undefined) return value === undefined || value === '' ? (fallback ?? '') : value;
    if (value === undefined) expected ??= `the environment variable ${name} to be set, got none`;
    return value ?? '';
  });
  return expected === undefined ? { text: filled } : { expected };
}
