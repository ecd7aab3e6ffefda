import type { Notification } from '../domain/notification.js';
import type { MessagePart, MessageTexts, TemplatePart } from '../ports/notifier.js';
import { type SpentMs, Template, TemplateFailure } from './template.js';

/** A template as the configuration has it. Without `method` it is for all methods of its type. */
export interface TemplateSource {
  readonly type: string;
  /** The name of a notification method, letter by letter. */
  readonly method: string | undefined;
  readonly part: MessagePart;
  readonly text: string;
}

/** What the templates made of one notification. A part that failed is in `failures` and not in `texts`: the built-in text stands in for it. */
export interface RenderedTexts {
  readonly texts: MessageTexts;
  readonly failures: readonly { readonly part: MessagePart; readonly failure: TemplateFailure }[];
}

export interface TemplateSetDeps {
  readonly spentMs: SpentMs;
  /** What each type of notifier lets templates write. */
  readonly partsOf: (type: string) => readonly TemplatePart[];
  /** The variables of a notification. */
  readonly valuesOf: (notification: Notification) => object;
}

type Parts = Map<MessagePart, Template>;

/** The compiled templates of one process: by type, then by name of method, then by part; a method's own part wins. */
export class TemplateSet {
  readonly #byType = new Map<string, { readonly all: Parts; readonly byMethod: Map<string, Parts> }>();
  readonly #valuesOf: TemplateSetDeps['valuesOf'];

  /** Sources for parts that a type does not have are left out. @throws TemplateSyntaxError. */
  constructor(sources: readonly TemplateSource[], deps: TemplateSetDeps) {
    this.#valuesOf = deps.valuesOf;
    for (const { type, method, part: name, text } of sources) {
      const part = deps.partsOf(type).find((one) => one.part === name);
      if (part !== undefined) this.#partsFor(type, method).set(name, new Template(text, part, deps.spentMs));
    }
  }

  /** True for a type with any template. */
  has(type: string): boolean {
    return this.#byType.has(type);
  }

  /** The parts of this notification that have a template. Never throws. */
  render(notification: Notification): RenderedTexts {
    const { type, name } = notification.method;
    const ofType = this.#byType.get(type);
    const texts: { -readonly [P in MessagePart]?: string } = {};
    const failures: { part: MessagePart; failure: TemplateFailure }[] = [];
    if (ofType === undefined) return { texts, failures };
    let values: object | undefined;
    for (const [part, template] of new Map([...ofType.all, ...(ofType.byMethod.get(name) ?? [])])) {
      try {
        values ??= this.#valuesOf(notification);
        texts[part] = template.render(values);
      } catch (error) {
        const failure = error instanceof TemplateFailure ? error : new TemplateFailure('it failed', { cause: error });
        failures.push({ part, failure });
      }
    }
    return { texts, failures };
  }

  #partsFor(type: string, method: string | undefined): Parts {
    const ofType = this.#byType.get(type) ?? { all: new Map(), byMethod: new Map() };
    this.#byType.set(type, ofType);
    if (method === undefined) return ofType.all;
    const parts: Parts = ofType.byMethod.get(method) ?? new Map();
    ofType.byMethod.set(method, parts);
    return parts;
  }
}
