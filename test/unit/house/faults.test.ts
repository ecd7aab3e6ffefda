import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errorCodes } from '../../../src/domain/errors.js';
import { deadReasons, finishReasons } from '../../../src/domain/outcome.js';
import { eventTable } from '../../../src/telemetry/event-table.js';
import { metricTable } from '../../../src/telemetry/metric-table.js';
import { fileAt, filesBelow } from '../../support/source-tree.js';

/** How many rows there are of each letter: numbers are never given anew. */
const rowCounts = { K: 10, Z: 9, M: 5, S: 5, H: 5, P: 17, D: 5, L: 2, T: 2, N: 3, C: 2, R: 1 };
const allNumbers = Object.entries(rowCounts).flatMap(([letter, count]) =>
  Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
);

/** Rows of which a part is not tested. It may only get shorter. */
const partlyUntested = ['K6', 'M2', 'S5', 'P6', 'P17', 'L1', 'T1', 'N1', 'N3'];

const page = fileAt('deploy/FAULTS.md')?.text ?? '';
const rows = [...page.matchAll(/^\| ([A-Z]\d+) \| (.+) \| (.+) \| (.+) \| (.+) \|$/gm)].map(
  ([, number = '', , , seen = '', shownBy = '']) => ({
    number,
    seen,
    shownBy: [...shownBy.matchAll(/\[([^[\]]+)\]\(\.\.\/(test\/[^)]+)\)/g)].map(([, title = '', path = '']) => ({
      title,
      path,
    })),
  }),
);
const fewestLetters = 20;

/** Whether a test of this title stands there: as it is, or made from a template with words enough to be known by. */
function hasTitle(text: string, title: string): boolean {
  if (["'", '"', '`'].some((quote) => text.includes(quote + title + quote))) return true;
  return [...text.matchAll(/\b(?:it|test)\(\s*`([^`]+)`/g)].some(([, template = '']) => {
    const parts = template.split(/\$\{[^}]*\}/);
    if (parts.join('').length < fewestLetters) return false;
    return new RegExp(`^${parts.map((part) => quoted(part)).join('.+')}$`).test(title);
  });
}

function quoted(text: string): string {
  return text.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&');
}

describe('deploy/FAULTS.md', () => {
  it('has every row once, in its order', () => {
    assert.equal(allNumbers.length, 66);
    assert.deepEqual(
      rows.map(({ number }) => number),
      allNumbers,
    );
  });

  it('names for every row a test that is there and has its number in the title', () => {
    const wrong = rows.flatMap(({ number, shownBy }) => {
      if (shownBy.length === 0) return [`${number}: no test`];
      return shownBy.flatMap(({ title, path }) => {
        const text = fileAt(path)?.text ?? '';
        const isThere = hasTitle(text, title) && title.includes(`(${number})`) && text.includes(`(${number})`);
        return isThere ? [] : [`${number}: ${path} has no test "${title}"`];
      });
    });
    assert.deepEqual(wrong, []);
  });

  it('has a row for every number in a title', () => {
    const marks = filesBelow('test', ['.ts']).flatMap(({ path, text }) =>
      [...text.matchAll(/\(([KZMSHPDLTNCR]\d+)\)/g)].map(([, number = '']) => ({ path, number })),
    );
    assert.ok(marks.length > 100);
    assert.deepEqual(
      marks.filter(({ number }) => !allNumbers.includes(number)),
      [],
    );
  });

  it('speaks of no event, metric, reason or code that there is not', () => {
    const names = [...Object.keys(eventTable), ...Object.keys(metricTable), ...deadReasons, ...finishReasons];
    const codes: readonly string[] = [...errorCodes, 'NO_ANSWER'];
    const unknown = rows.flatMap(({ number, seen }) =>
      [...seen.matchAll(/`([a-z]+(?:_[a-z]+)+|[A-Z]+(?:_[A-Z]+)+)`/g)]
        .map(([, name = '']) => name)
        .filter((name) => !names.includes(name) && !codes.includes(name))
        .map((name) => `${number}: ${name}`),
    );
    assert.deepEqual(unknown, []);
  });

  it('says what is not tested, and that gets no more', () => {
    const untested = [...page.matchAll(/^- \*\*([A-Z]\d+)\*\*: /gm)].map(([, number]) => number);
    assert.deepEqual(untested, partlyUntested);
  });
});

describe('the search for a title', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: code to be searched
  const text = "it('waits (K1)', f); test(`ends in time while it is ${role} (P1)`, f); it(`${what} at ${step}`, f)";

  it('finds titles and what templates make of them', () => {
    assert.equal(hasTitle(text, 'waits (K1)'), true);
    assert.equal(hasTitle(text, 'ends in time while it is active (P1)'), true);
  });

  it('takes neither a part nor anything at all for one', () => {
    assert.equal(hasTitle(text, 'waits'), false);
    assert.equal(hasTitle(text, 'anything at all'), false);
    assert.equal(hasTitle(text, 'ends in time while it is active'), false);
  });
});
