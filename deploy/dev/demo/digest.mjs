/**
 * One user is told in a digest: all that is active, in one message, when it is asked for.
 */
import { programFile } from '../build.mjs';
import { mustRun } from '../command.mjs';
import { attempt } from './failure.mjs';

/** The alarms of a digest, one line each. */
function digestLines({ headers, body }) {
  const { alarm_name: name, alarms } = JSON.parse(body);
  const lines = alarms.map(({ alarm_name: of, status, changed_at: at }) => `  ${status.padEnd(8)}  ${of}  since ${at}`);
  return [`webhook-id: ${headers['webhook-id']}`, '', name, ...lines];
}

/** Asks for the digest and shows it; remembers it for the closing table. */
export async function sendDigest(show) {
  const { screen, world } = show;
  const words = ['digest', 'send', 'tenant-1', '--transport', 'kafka'];
  screen.line();
  screen.say('One method is told of none of this at once: it gets a digest, on schedule or, as here, when asked for:');
  screen.say(screen.cyan(`mon-notification ${words.join(' ')}`));
  const asked = { sentAtMs: Date.now() };
  const about = { where: `mon-notification ${words.join(' ')}`, check: `does Kafka answer? ${world.configFile}` };
  await attempt('asking for the digest', about, () =>
    mustRun(process.execPath, [programFile, ...words, '--engine-config', world.configFile]),
  );
  const request = await show.showRequest(asked, world.web, { path: '/digest', answer: '→ 200', linesOf: digestLines });
  show.digest = {
    alarmCount: JSON.parse(request.body).alarms.length,
    tookMs: request.receivedAtMs - asked.sentAtMs,
  };
}
