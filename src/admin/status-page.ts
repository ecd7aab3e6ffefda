import { createHash } from 'node:crypto';
import { html, type SafeHtml } from '../domain/safe-html.js';
import { lagOf, type PartitionStatus, type StatusDocument, sharesOf, type WorkerStatus } from './status-document.js';

const style = `
:root { color-scheme: light dark; --line: #8884; --dim: #777; --good: #1a7f37; --bad: #c62828; --note: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --dim: #999; --good: #4cc06a; --bad: #ff7b72; --note: #e0b040; } }
* { box-sizing: border-box; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 64rem; }
header { display: flex; flex-wrap: wrap; gap: .3rem 1rem; align-items: baseline; }
h1 { font-size: 1.25rem; margin: 0; }
h2 { font-size: 1rem; margin: 1.6rem 0 .4rem; }
.role { font-weight: 700; padding: .1rem .6rem; border-radius: 1rem; border: 2px solid; }
.good { color: var(--good); } .bad { color: var(--bad); } .note { color: var(--note); } .dim { color: var(--dim); }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: .6rem; margin: 1rem 0; padding: 0; }
.facts div { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem .7rem; }
.facts dt { color: var(--dim); font-size: .85rem; } .facts dd { margin: 0; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--dim); font-weight: 500; font-size: .85rem; } th:first-child, td:first-child { text-align: left; }
@media (max-width: 40rem) { th, td { padding: .3rem; } }
meter { width: 6rem; height: .9rem; vertical-align: middle; }
ul { margin: .4rem 0; padding-left: 1.2rem; }
`;

const styleHash = createHash('sha256').update(style).digest('base64');

/** The page loads nothing and runs nothing; the one style block is named by its hash. */
export const statusPageHeaders = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'Referrer-Policy': 'no-referrer',
} as const;

/** The state of one engine for people: one file, no script, fresh every two seconds. */
export function statusPage(status: StatusDocument, notes: readonly string[]): string {
  const isReady = status.reasons.length === 0;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="2"><title>${status.role} · mon-notification</title>
<style>${{ html: style }}</style></head><body>
<header><h1>mon-notification</h1><span class="role ${isReady ? 'good' : 'bad'}">${status.role}</span>
<span class="${isReady ? 'good' : 'bad'}">${isReady ? 'ready' : 'not ready'}</span>
<span class="dim">${status.instance} · version ${status.version} · pid ${status.pid}</span></header>
${list('bad', status.reasons)}${list('note', notes)}
${facts(status)}
<h2>Partitions</h2>${partitions(status.partitions)}
${owners(status)}
<h2>Queues</h2>${queues(status.queues)}
<h2>Workers</h2>${workers(status.workers)}
${breakers(status.breakers)}
<p class="dim"><a href="/status.json">status.json</a> · <a href="/metrics">metrics</a> · <a href="/ready">ready</a></p>
</body></html>
`;
  return page.html;
}

function list(kind: string, lines: readonly string[]): SafeHtml {
  if (lines.length === 0) return html``;
  return html`<ul class="${kind}">${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}

function facts(status: StatusDocument): SafeHtml {
  const lease = status.lease_remaining_ms > 0 ? `${(status.lease_remaining_ms / 1000).toFixed(1)} s` : '–';
  const all: readonly (readonly [string, string | number])[] = [
    ['lease left', lease],
    ['retries waiting', status.retries_waiting],
    ['repeats waiting', status.repeats_waiting],
    ...Object.entries(status.outcomes),
  ];
  return html`<dl class="facts">${all.map(([name, value]) => html`<div><dt>${name}</dt><dd>${grouped(value)}</dd></div>`)}</dl>`;
}

/** Digits in threes, with a narrow space in between. */
function grouped(value: string | number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

function partitions(all: readonly PartitionStatus[]): SafeHtml {
  if (all.length === 0) return html`<p class="dim">none: this engine reads nothing at present</p>`;
  const mostLag = all.reduce((most, one) => Math.max(most, Number(lagOf(one) ?? 0n)), 0);
  const row = (one: PartitionStatus): SafeHtml => {
    const lag = lagOf(one);
    return html`<tr><td>${one.topic}/${one.partition}</td><td>${lag ?? '?'}</td>
<td>${bar(Number(lag ?? 0n), Math.max(mostLag, 100))}</td><td>${one.window}</td><td>${one.committed}</td>
<td>${one.read}</td><td>${one.high_water ?? '?'}</td></tr>`;
  };
  return table(['partition', 'lag', '', 'window', 'committed', 'read', 'end'], all.map(row));
}

function owners({ owners: all, instance }: StatusDocument): SafeHtml {
  if (all.length === 0) return html``;
  const rows = sharesOf(all).map(
    ({ owner, count, partitions: texts }) => html`<tr><td class="${owner === instance ? 'good' : ''}">${owner}</td>
<td>${count}</td><td>${texts}</td></tr>`,
  );
  return html`<h2>Owners</h2>${table(['engine', 'count', 'partitions'], rows)}`;
}

function queues(all: StatusDocument['queues']): SafeHtml {
  return table(
    ['queue', 'waiting', '', 'capacity'],
    all.map(
      (queue) => html`<tr><td>${queue.name}</td><td>${queue.length}</td>
<td>${bar(queue.length, queue.capacity)}</td><td>${queue.capacity}</td></tr>`,
    ),
  );
}

function workers(all: readonly WorkerStatus[]): SafeHtml {
  return table(
    ['stage', 'pid', 'state', 'in hand', 'replaced'],
    all.map(
      (worker) => html`<tr><td>${worker.stage}</td><td>${worker.pid}</td>
<td class="${worker.state === 'ready' ? 'good' : 'note'}">${worker.state}</td><td>${worker.in_flight}</td>
<td class="${worker.replacements === 0 ? 'dim' : 'note'}">${worker.replacements}</td></tr>`,
    ),
  );
}

function breakers(all: StatusDocument['breakers']): SafeHtml {
  if (all.length === 0) return html``;
  const rows = all.map((one) => html`<tr><td>${one.destination}</td><td class="note">${one.workers}</td></tr>`);
  return html`<h2>Destinations left alone</h2>${table(['destination', 'workers'], rows)}`;
}

function table(heads: readonly string[], rows: readonly SafeHtml[]): SafeHtml {
  return html`<div class="scroll"><table><thead><tr>${heads.map((head) => html`<th>${head}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

function bar(value: number, most: number): SafeHtml {
  return html`<meter min="0" max="${most}" value="${value}" low="${most * 0.5}" high="${most * 0.9}" optimum="0">${value}</meter>`;
}
