import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { UsageError } from '../../../src/cli/command.js';
import { readArguments } from '../../../src/cli/command-line.js';
import { digestOptions, readDigestSettings } from '../../../src/cli/digest-settings.js';
import { privateFolder } from '../../support/config-file.js';

const command = { options: digestOptions, run: async () => 0 as const };

function read(...words: readonly string[]) {
  const said: string[] = [];
  const io = { out: () => undefined, err: (line: string) => void said.push(line), environment: {} };
  return { settings: readDigestSettings(readArguments(command, words), io), said };
}

describe('the settings of the digest', () => {
  it('take an address to listen on as the producers do', () => {
    for (const [text, host, port] of [
      [':9100', '127.0.0.1', 9_100],
      ['[::1]:0', '::1', 0],
      ['0.0.0.0:80', '0.0.0.0', 80],
    ] as const) {
      assert.deepEqual(read('--metrics-listen', text).settings?.listen, { host, port });
    }
  });

  it('refuse wrong words on the command line as wrong usage, without quoting a password', () => {
    const refused = (...words: readonly string[]) =>
      assert.throws(
        () => read(...words),
        (error) => error instanceof UsageError && !error.message.includes('100%'),
      );
    refused('--metrics-listen', 'here');
    refused('--nats', 'http://somewhere');
    refused('--nats', 'nats://me:100%@host');
  });

  it('name the file, the line and the key of what is wrong in the file', (t) => {
    const file = join(privateFolder(t), 'n.yaml');
    writeFileSync(file, 'digest:\n  metrics_listen: here\n  nats: "http://u:secret@host"\n', { mode: 0o600 });
    const { settings, said } = read('--engine-config', file);
    assert.equal(settings, undefined);
    assert.deepEqual(
      said.map((line) => line.replace(file, 'n.yaml')),
      [
        'n.yaml:2:19 digest.metrics_listen: expected HOST:PORT or :PORT, got "here"',
        'n.yaml:3:9 digest.nats: expected nats://HOST:PORT, or several separated by commas, got something else',
      ],
    );
  });
});
