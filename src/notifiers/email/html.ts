import type { Alarm } from '../../domain/alarm.js';
import { html, type SafeHtml } from '../../domain/safe-html.js';
import { hostnamesOf, linkOf } from '../alarm-text.js';
import { cutText } from '../cut-text.js';
import { asctime, distinctValues, grafanaLink, type Metric, readMetric } from './message.js';

/** What a state looks like; its name is always there too, for those who see no colour. White on `band` has a contrast above 4.5. */
interface Look {
  readonly band: string;
  readonly sign: string;
}

const looks: Readonly<Record<string, Look>> = {
  ALARM: { band: '#b3261e', sign: '\u25b2' },
  OK: { band: '#1a7f37', sign: '\u2713' },
  UNDETERMINED: { band: '#8a5a00', sign: '?' },
};
const otherLook: Look = { band: '#44546a', sign: '\u25cf' };

/** The plain text has all of it. */
const longestValueCharacters = 10_000;
const longestDimensionsCharacters = 65_536;
const font = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const small = `${font};font-size:13px;line-height:1.4`;
const normal = `${font};font-size:15px;line-height:1.5`;
const wrap = 'overflow-wrap:anywhere;word-break:break-word';

/** For programs that know dark mode; the others show what stands inline. */
const darkStyle = `:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (prefers-color-scheme:dark){.page{background:#15181c!important}.card{background:#1f242a!important;border-color:#3a424c!important}
.text{color:#e6e9ed!important}.dim{color:#a3adb8!important}.line{border-color:#3a424c!important}.link{color:#8ab4f8!important}
.button{background:#dce3ea!important;color:#15181c!important}}
@media (max-width:480px){.pad{padding-left:16px!important;padding-right:16px!important}}`;

/** Fit for a document: half characters and control characters but line breaks and tabs are shown as one sign; what is long is cut. */
function shown(text: string): string {
  return cutText(text, longestValueCharacters).replace(/(?![\t\n\r])\p{Cc}/gu, '\ufffd');
}

function row(name: string, value: string | undefined): SafeHtml {
  if (value === undefined || value === '') return html``;
  return html`<tr><th scope="row" class="dim line" align="left" valign="top" style="${small};color:#5b6672;font-weight:400;padding:7px 16px 7px 0;border-top:1px solid #e3e7eb;white-space:nowrap">${name}</th>
<td class="text line" dir="auto" align="left" valign="top" style="${small};color:#1b1f24;padding:7px 0;border-top:1px solid #e3e7eb;${wrap}">${shown(value)}</td></tr>`;
}

function button(url: string | undefined, label: string): SafeHtml {
  if (url === undefined) return html``;
  return html`<a class="button" href="${url}" style="${normal};display:inline-block;background:#1b1f24;color:#ffffff;text-decoration:none;font-weight:600;padding:9px 18px;margin:0 10px 10px 0;border-radius:6px">${label}</a>`;
}

function buttons(alarm: Alarm, grafana: string | undefined): SafeHtml {
  const link = linkOf(alarm);
  if (link === undefined && grafana === undefined) return html``;
  return html`<p style="margin:20px 0 0">${button(link, 'Open link')}${button(grafana, 'Open in Grafana')}</p>`;
}

function dimensions(metrics: readonly Metric[]): SafeHtml {
  const cells: SafeHtml[] = [];
  let length = 0;
  let leftOutCount = 0;
  for (const metric of metrics.filter((one) => one.dimensions.length > 0)) {
    const text = metric.dimensions.map(
      ([key, value]) => html`<span class="dim" style="color:#5b6672">${shown(key)}</span>\u00a0${shown(value)}<br>`,
    );
    length += text.reduce((sum, one) => sum + one.html.length, 0);
    if (length > longestDimensionsCharacters && cells.length > 0) leftOutCount += 1;
    else
      cells.push(
        html`<li dir="auto" style="margin:0 0 10px;${wrap}">${metric.name === undefined ? html`` : html`<strong>${shown(metric.name)}</strong><br>`}${text}</li>`,
      );
  }
  if (cells.length === 0) return html``;
  const rest =
    leftOutCount === 0
      ? html``
      : html`<p class="dim" style="${small};color:#5b6672;margin:0">${leftOutCount} more left out</p>`;
  return html`<h2 class="text" style="${normal};color:#1b1f24;font-weight:600;margin:24px 0 8px">Metrics</h2>
<ul class="text" style="${small};color:#1b1f24;margin:0;padding:0 0 0 18px">${cells}</ul>${rest}`;
}

function facts(alarm: Alarm, metrics: readonly Metric[]): SafeHtml {
  const hosts = hostnamesOf(alarm);
  const rows = [
    row(hosts.length > 1 ? 'Hosts' : 'Host', hosts.join(', ')),
    row('Target', distinctValues(metrics, 'target_host').join(', ')),
    row('Time', `${asctime(alarm.changedAtMs)} UTC`),
    row('State', alarm.oldState === '' ? alarm.newState : `${alarm.oldState} \u2192 ${alarm.newState}`),
    row('Lifecycle', alarm.lifecycleState),
    // One that nobody can follow is shown as it is.
    row('Link', linkOf(alarm) === undefined ? alarm.link : undefined),
    row('Description', alarm.alarmDescription),
    row('Alarm id', alarm.alarmId),
  ];
  return html`<table width="100%" cellpadding="0" cellspacing="0" border="0" style="border-collapse:collapse;margin:20px 0 0">${rows}</table>`;
}

/**
 * The built-in mail as HTML: state, name, reason, what people look for next, metrics. The text of `mailText` says the same.
 *
 * One document without anything from outside: no picture, no script, styles inline, with colours for dark mode. Every value is escaped. Pure.
 */
export function mailHtml(alarm: Alarm, grafanaUrl: string | undefined): string {
  const metrics = alarm.metrics.map(readMetric);
  const look = Object.hasOwn(looks, alarm.newState) ? (looks[alarm.newState] ?? otherLook) : otherLook;
  const grafana = grafanaUrl === undefined ? undefined : grafanaLink(grafanaUrl, metrics[0], alarm.changedAtMs);
  const severity = alarm.severity === undefined || alarm.severity === '' ? '' : ` \u00b7 ${alarm.severity}`;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">
<title>${shown(`${alarm.newState}: ${alarm.alarmName}`)}</title><style>${{ html: darkStyle }}</style></head>
<body class="page" style="margin:0;padding:0;background:#f2f4f6">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#f2f4f6"><tr><td align="center" style="padding:24px 12px">
<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px;background:#ffffff;border:1px solid #d9dee3;border-collapse:separate;border-radius:10px;overflow:hidden">
<tr><td class="pad" dir="auto" style="${normal};background:${look.band};color:#ffffff;font-weight:700;letter-spacing:.02em;padding:12px 28px;${wrap}">${look.sign}&ensp;${shown(alarm.newState + severity)}</td></tr>
<tr><td class="pad" style="padding:22px 28px 26px">
<h1 class="text" dir="auto" style="${font};font-size:21px;line-height:1.3;color:#1b1f24;font-weight:650;margin:0 0 10px;${wrap}">${shown(alarm.alarmName)}</h1>
<p class="text" dir="auto" style="${normal};color:#1b1f24;margin:0;white-space:pre-wrap;${wrap}">${shown(alarm.stateChangeReason)}</p>
${buttons(alarm, grafana)}${facts(alarm, metrics)}${dimensions(metrics)}
</td></tr></table>
<p class="dim" style="${small};color:#5b6672;margin:14px 0 0">Sent automatically; answers are not read.</p>
</td></tr></table></body></html>
`;
  return page.html;
}
