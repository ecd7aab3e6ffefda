import { Context, type Emitter, type Liquid, LiquidError, type Template as LiquidNode, toValueSync } from 'liquidjs';
import type { TemplatePart } from '../ports/notifier.js';
import { liquidFor } from './dialect.js';
import { templateLimits } from './limits.js';

/** Milliseconds of the processor that this process has used so far. */
export type SpentMs = () => number;

/** A variable that a template reads and does not make itself: its name, what is read of it, and where. */
export interface VariableUse {
  readonly path: readonly string[];
  readonly line: number;
  readonly column: number;
}

/** A template that cannot be understood; line and column count from 1 in its text. */
export class TemplateSyntaxError extends Error {
  override readonly name = 'TemplateSyntaxError';
  readonly line: number;
  readonly column: number;

  constructor(message: string, line: number, column: number) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

/** A rendering that came to nothing. The message is in our own words: what Liquid says may quote an alarm, and stands in `cause`. */
export class TemplateFailure extends Error {
  override readonly name = 'TemplateFailure';
}

class TooMuch extends Error {}

/** A compiled template of one part of a message. Keeps nothing between renderings. */
export class Template {
  readonly #liquid: Liquid;
  readonly #nodes: LiquidNode[];
  readonly #part: TemplatePart;
  readonly #spentMs: SpentMs;

  /** @throws TemplateSyntaxError. */
  constructor(source: string, part: TemplatePart, spentMs: SpentMs) {
    this.#spentMs = spentMs;
    this.#liquid = liquidFor(part);
    this.#part = part;
    try {
      this.#nodes = this.#liquid.parse(source);
    } catch (error) {
      throw syntaxError(error);
    }
  }

  /**
   * The text for these values, within all limits; a JSON text parses and is an object.
   * @throws TemplateFailure.
   */
  render(values: object): string {
    const result = new Result();
    const context = new Context(values, this.#liquid.options, { sync: true }, { liquid: this.#liquid });
    limitSteps(context, this.#spentMs);
    try {
      toValueSync(this.#liquid.renderer.renderTemplates(this.#nodes, context, result));
    } catch (error) {
      throw failureOf(error);
    }
    if (result.buffer.trim() === '') throw new TemplateFailure('the result is empty');
    const { format, mostBytes = Number.POSITIVE_INFINITY } = this.#part;
    if (format === 'json' && !isObject(result.buffer)) throw new TemplateFailure('the result is not a JSON object');
    if (Buffer.byteLength(result.buffer) > mostBytes)
      throw new TemplateFailure('the result is longer than its receiver takes');
    return result.buffer;
  }

  /** What the template reads of the values. Empty for one that is nested too deep to look at. */
  uses(): readonly VariableUse[] {
    try {
      const { globals } = this.#liquid.analyzeSync(this.#nodes, { partials: false });
      return Object.values(globals).flatMap((uses) =>
        uses.map(({ segments, location }) => {
          const named = segments.findIndex((segment) => typeof segment !== 'string');
          const path = (named < 0 ? segments : segments.slice(0, named)).map(String);
          return { path, line: location.row, column: location.col };
        }),
      );
    } catch {
      return [];
    }
  }
}

/** Takes what is written, up to the limit. */
class Result implements Emitter {
  buffer = '';

  write(piece: unknown): void {
    const text = typeof piece === 'string' ? piece : String(piece ?? '');
    if (this.buffer.length + text.length > templateLimits.resultCharacters) throw new TooMuch('the result is too long');
    this.buffer += text;
  }
}

/** Liquid asks for its time limit before every step, so that is where steps can be counted: time alone would judge equal renderings differently. */
function limitSteps(context: Context, spentMs: SpentMs): void {
  const mostMs = spentMs() + templateLimits.processorMs;
  let steps = 0;
  context.renderLimit.check = () => {
    steps += 1;
    if (steps > templateLimits.steps) throw new TooMuch('it takes too many steps');
    if (spentMs() > mostMs) throw new TooMuch('it takes too long');
  };
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** What Liquid wrapped, at the bottom. */
function originOf(error: unknown): unknown {
  const inner: unknown = LiquidError.is(error) ? Reflect.get(Object(error), 'originalError') : undefined;
  return inner === undefined ? error : originOf(inner);
}

function placeOf(error: unknown): { line: number; column: number } {
  const token: unknown = LiquidError.is(error) ? Reflect.get(Object(error), 'token') : undefined;
  const position = token instanceof Object && 'getPosition' in token ? token.getPosition : undefined;
  const [line, column] = typeof position === 'function' ? position.call(token) : [1, 1];
  return { line, column };
}

function syntaxError(error: unknown): TemplateSyntaxError {
  const { line, column } = placeOf(error);
  if (originOf(error) instanceof RangeError) return new TemplateSyntaxError('it is nested too deep', line, column);
  const said = error instanceof Error ? error.message : String(error);
  const words = /^parse length limit exceeded/.test(said)
    ? `it is longer than ${templateLimits.sourceCharacters} characters`
    : said.replace(/, line:\d+, col:\d+$/, '');
  return new TemplateSyntaxError(words, line, column);
}

function failureOf(error: unknown): TemplateFailure {
  const origin = originOf(error);
  const { line, column } = placeOf(error);
  const at = `at line ${line}, column ${column}`;
  if (origin instanceof TooMuch) return new TemplateFailure(`${origin.message} (${at})`, { cause: error });
  const said = origin instanceof Error ? origin.message : '';
  if (said.startsWith('memory alloc'))
    return new TemplateFailure(`its filters make too much (${at})`, { cause: error });
  const kind = origin instanceof Error ? origin.name : typeof origin;
  return new TemplateFailure(`it failed with ${kind} ${at}`, { cause: error });
}
