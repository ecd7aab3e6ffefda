import { startAdmin } from '../admin/server.js';
import { kafkaDigestPlace } from '../engine/outside-options.js';
import { systemClock, systemRandom } from '../runtime/clock.js';
import { serviceNotify } from '../runtime/service-notify.js';
import { afterPatience, listenForStop } from '../runtime/shutdown.js';
import { createTelemetry, type ProcessTelemetry } from '../telemetry/create-telemetry.js';
import { openLineSink } from '../telemetry/line-sink.js';
import { prometheusText } from '../telemetry/prometheus-text.js';
import { type KafkaDigestOptions, runKafkaDigest } from '../worker/kafka-digest.js';
import type { Command, ExitCode } from './command.js';
import { type DigestSettings, digestOptions, readDigestSettings } from './digest-settings.js';
import { type DigestState, digestView } from './digest-view.js';
import { runNatsDigest } from './run-nats-digest.js';
import { packageVersion } from './version.js';

const stderrFd = 2;
const noticeMs = 1_000;
/** What a stop may take; below TimeoutStopSec of the unit. */
const graceMs = 20_000;

/** Keeps the latest status of every alarm of every user, and sends each user what changed: on command, and on schedule. */
export const command: Command = {
  options: digestOptions,
  async run(args, io) {
    const settings = readDigestSettings(args, io);
    return settings === undefined ? 78 : await runDigest(settings);
  },
};

async function runDigest(settings: DigestSettings): Promise<ExitCode> {
  const telemetry = createTelemetry({
    process: 'digest',
    log: settings.config.log,
    sink: openLineSink(stderrFd),
    clock: systemClock,
    known: { program: 'digest' },
  });
  const request = listenForStop();
  // A broker that does not answer keeps a round open for as long as it is away, and libraries wait for it in places of their own.
  const callOff = afterPatience(request, graceMs, systemClock, () => {
    telemetry.event('digest_stop_forced');
    process.exit(0);
  });
  const version = packageVersion();
  telemetry.event('digest_starting', { version, instance: settings.instance, transport: settings.transport });
  const state: DigestState = { isConnected: () => false, ownedCount: () => 0, isDurable: true, isStopping: false };
  try {
    return await withOutside(settings, telemetry, state, request.stop, async () => {
      const deps = { clock: systemClock, random: systemRandom, telemetry };
      if (settings.transport === 'nats') await runNatsDigest(settings, deps, state, request.stop);
      else await runKafkaDigest(kafkaOptions(settings), settings.rules, deps, state, request.stop);
      telemetry.flush();
      telemetry.event('digest_stopped', { exit_code: 0 });
      return 0;
    });
  } finally {
    callOff();
    request.dispose();
    telemetry.close();
  }
}

/** Runs `work` with the admin endpoint and the words to the service manager. */
async function withOutside(
  settings: DigestSettings,
  telemetry: ProcessTelemetry,
  state: DigestState,
  stop: AbortSignal,
  work: () => Promise<ExitCode>,
): Promise<ExitCode> {
  const view = digestView(settings.instance, state, () => prometheusText(telemetry.snapshot(), 'digest'));
  const admin =
    settings.listen === undefined
      ? undefined
      : await startAdmin({ ...settings.listen, view, telemetry, settings: '--metrics-listen' });
  const notify = serviceNotify(process.env, (detail) => telemetry.event('service_notify_failed', { detail }));
  let isTold = false;
  const stopWatching = systemClock.every(noticeMs, () => {
    if (isTold || !view.ready().ready) return;
    isTold = true;
    notify.ready(view.status().role);
  });
  stop.addEventListener('abort', () => {
    state.isStopping = true;
    notify.stopping('stopping');
  });
  try {
    return await work();
  } finally {
    stopWatching();
    await admin?.close();
    await notify.settled();
  }
}

/** As the engine's own digest has it, so that either may take over from the other. */
function kafkaOptions({ config, lock, workerCount, instance }: DigestSettings): KafkaDigestOptions {
  return { ...kafkaDigestPlace(config), lock, partitionCount: workerCount, instance };
}
