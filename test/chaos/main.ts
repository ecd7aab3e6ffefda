import { mkdir, mkdtemp } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type ProfileName, profiles } from './plan.js';
import { summaryOf, writeReport } from './report.js';
import { runChaos } from './run.js';

const usage = `usage: npm run chaos -- [options]

  --profile NAME     ${Object.keys(profiles).join(', ')} (default all)
  --minutes N        length of the load (default 1)
  --seed S           which faults, in which order (default 1)
  --every SECONDS    from one fault to the next (default: that of the profile)
  --engines N        engines on one group (default 3)
  --senders N        notification processors of each (default 4)
  --partitions N     of the alarm topic (default 4)
  --rate N           alarms a second (default 200)
  --lock MODE        topic or partition (default topic)
  --out FOLDER       where the folder with ledgers and report is made (default ${tmpdir()})`;

const say = (line: string) => process.stdout.write(`${line}\n`);

const { values } = parseArgs({
  options: {
    profile: { type: 'string', default: 'all' },
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    every: { type: 'string' },
    engines: { type: 'string', default: '3' },
    senders: { type: 'string', default: '4' },
    partitions: { type: 'string', default: '4' },
    rate: { type: 'string', default: '200' },
    lock: { type: 'string', default: 'topic' },
    out: { type: 'string' },
    help: { type: 'boolean' },
  },
});
const profile = values.profile as ProfileName;
const numbers = [values.minutes, values.seed, values.engines, values.senders, values.partitions, values.rate].map(
  Number,
);
const isWrong =
  !(profile in profiles) || !['topic', 'partition'].includes(values.lock) || numbers.some((each) => !(each > 0));
if (values.help || isWrong) {
  say(usage);
  process.exit(values.help ? 0 : 2);
}
const [minutes = 1, seed = 1, engines = 3, senders = 4, partitions = 4, perSecond = 200] = numbers;
// Ledgers are appended to: each run has a folder of its own.
const out = values.out ?? tmpdir();
await mkdir(out, { recursive: true });
const folder = await mkdtemp(join(out, `chaos-${profile}-${seed}-`));
const cleanUps: (() => Promise<void>)[] = [];
let isFailed = true;
try {
  const result = await runChaos(
    { after: (cleanUp) => cleanUps.push(cleanUp) },
    {
      ...{ profile, seed, engines, senders, partitions, perSecond, folder, say, totalMs: minutes * 60_000 },
      everyMs: values.every === undefined ? profiles[profile].everyMs : Number(values.every) * 1_000,
      lock: values.lock === 'partition' ? 'partition' : 'topic',
    },
  );
  for (const line of summaryOf(result)) say(line);
  say(`report: ${await writeReport(result, `${availableParallelism()} cores`)}`);
  isFailed = result.verdict.violations.length > 0;
} finally {
  for (const cleanUp of cleanUps.reverse()) await cleanUp().catch((error) => say(String(error)));
}
process.exit(isFailed ? 1 : 0);
