import type { TemplateText } from '../config/config.js';
import { nearestName } from '../config/nearest.js';
import type { Problem } from '../config/problem.js';
import { messageOf } from '../domain/errors.js';
import { templateValues, templateVariables } from '../notifiers/template-values.js';
import type { NotifierPlugin } from '../ports/notifier.js';
import { type SpentMs, Template, TemplateSyntaxError, type VariableUse } from '../templates/template.js';
import { templateFixtures } from './template-fixtures.js';

interface Found {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/**
 * Compiles every template, looks at its variables, and renders it for alarms of every kind.
 *
 * What cannot be understood is a problem; an unknown variable, and a rendering that fails, are warnings: the built-in text would go out.
 */
export function checkTemplates(
  templates: readonly TemplateText[],
  plugins: readonly NotifierPlugin[],
  spentMs: SpentMs,
): Found {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  for (const text of templates) {
    const part = plugins.find(({ type }) => type === text.type)?.parts?.find((one) => one.part === text.part);
    if (part === undefined) continue;
    try {
      const template = new Template(text.text, part, spentMs);
      warnings.push(...unknownVariables(template, text), ...failedFixtures(template, text));
    } catch (error) {
      if (!(error instanceof TemplateSyntaxError)) throw error;
      problems.push(problemAt(text, error, `expected a template that can be understood, got: ${error.message}`));
    }
  }
  return { problems, warnings };
}

/** In a file of its own a template has places; in the configuration it has one, and its own are said in words. */
function problemAt(text: TemplateText, at: { line: number; column: number }, message: string): Problem {
  const { key, file, line, column } = text;
  if (key.endsWith('_file')) return { key, file, line: at.line, column: at.column, message };
  return { key, file, line, column, message: `${message} (line ${at.line}, column ${at.column} of the template)` };
}

function unknownVariables(template: Template, text: TemplateText): readonly Problem[] {
  const known = Object.keys(templateVariables);
  return template.uses().flatMap((use) => {
    const [name = '', field] = use.path;
    const fields = Object.hasOwn(templateVariables, name) ? templateVariables[name]?.fields : undefined;
    if (!Object.hasOwn(templateVariables, name)) return unknown(text, use, name, nearestName(name, known));
    if (fields === undefined || field === undefined || fields.includes(field)) return [];
    return unknown(text, use, `${name}.${field}`, nearestName(field, fields));
  });
}

function unknown(text: TemplateText, use: VariableUse, name: string, nearest: string | undefined): readonly Problem[] {
  const hint = nearest === undefined ? '' : `; the nearest known one is ${nearest}`;
  return [problemAt(text, use, `unknown variable ${name}, always empty${hint}`)];
}

/** The first alarm for which a template comes to nothing. */
function failedFixtures(template: Template, text: TemplateText): readonly Problem[] {
  for (const { what, notification } of templateFixtures(text.type, text.method)) {
    try {
      template.render(templateValues(notification));
    } catch (error) {
      const { key, file, line, column } = text;
      const message = `fails for ${what}, and the built-in text would go out: ${messageOf(error)}`;
      return [{ key, file, line, column, message }];
    }
  }
  return [];
}
