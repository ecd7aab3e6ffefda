import { openLineSink } from '../../../src/telemetry/line-sink.js';

/** Writes argv[2] numbered JSON lines of about argv[3] characters to stderr, says `written` on stdout, and exits when its stdin ends; at once with argv[4] `at-once`. Whatever comes on its stdin makes it write one more and say how many were lost. */
const count = Number(process.argv[2]);
const padding = 'x'.repeat(Number(process.argv[3]));
const sink = openLineSink(2);
for (let i = 0; i < count; i += 1) sink.write(JSON.stringify({ pid: process.pid, i, padding }));
if (process.argv[4] === 'at-once') {
  sink.flushSync();
  process.exit(0);
}
process.stdout.write(`written ${sink.takeDropped()}\n`);
process.stdin.on('data', () => {
  sink.write(JSON.stringify({ pid: process.pid, i: count, padding: '' }));
  process.stdout.write(`dropped ${sink.takeDropped()}\n`);
});
process.stdin.on('end', () => {
  sink.flushSync();
  process.exit(0);
});
