import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { builtinNotifiers } from '../../../src/notifiers/builtin.js';
import { emailPlugin } from '../../../src/notifiers/email/plugin.js';
import { protectionOf } from '../../../src/notifiers/email/settings.js';
import { openNotifiers, registerPlugins } from '../../../src/notifiers/registry.js';
import { webhookPlugin } from '../../../src/notifiers/webhook/plugin.js';
import type { NotifierDeps } from '../../../src/ports/notifier.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { silentLogger } from '../../support/silent-logger.js';

const deps: NotifierDeps = {
  logger: silentLogger,
  clock: new FakeClock(),
  random: () => 0.5,
  http: { allow: [], concurrencyPerDestination: 64 },
  senders: 4,
};
const relay = { server: 'smtp.example', from_addr: 'mon@example.com' };

function problemsOf(section: Readonly<Record<string, unknown>>): readonly string[] {
  const configured = emailPlugin.configure({ ...relay, ...section });
  return configured.kind === 'wrong' ? configured.problems.map(({ key }) => key) : [];
}

describe('the email section', () => {
  test('without relay or sender is unconfigured, and says what is missing', () => {
    for (const [section, missing] of [
      [undefined, /email\.server and notification_types\.email\.from_addr/],
      [{ server: 'x', from_addr: null }, /from_addr missing/],
      [{ server: '', from_addr: 'a@b' }, /server missing/],
    ] as const) {
      const configured = emailPlugin.configure(section);
      assert.ok(configured.kind === 'unconfigured');
      assert.match(configured.detail, missing);
    }
  });

  test('shows all wrong values at once, and none of them', () => {
    const section = { port: 'smtp', timeout: -1, starttls: 'maybe', password: ['hunter2'], server: 'a b' };
    assert.deepEqual(problemsOf(section), ['port', 'password', 'timeout', 'starttls']);
    assert.ok(!inspect(emailPlugin.configure({ ...relay, ...section }), { depth: 9 }).includes('hunter2'));
    assert.deepEqual(problemsOf({ server: 'a b', from_addr: 'Mon <a@b>', grafana_url: 'ftp://x' }), [
      'server',
      'from_addr',
      'grafana_url',
    ]);
    assert.deepEqual(problemsOf({ port: 0 }), ['port']);
    assert.deepEqual(problemsOf({ port: 70_000 }), ['port']);
    assert.deepEqual(problemsOf({ port: 25.5 }), ['port']);
  });

  test('takes the values of 2014, text and units too', () => {
    for (const section of [
      { port: 25, user: '', password: '', timeout: 60 },
      { port: '587', timeout: '90s', user: null, password: null },
      { port: 465, timeout: '2m', starttls: 'required', server: '::1' },
    ]) {
      assert.deepEqual(problemsOf(section), []);
    }
  });

  test('names a ca_file that cannot be read when it is opened', () => {
    const configured = emailPlugin.configure({ ...relay, ca_file: '/nowhere/ca.pem' });
    assert.ok(configured.kind === 'ready');
    assert.throws(() => configured.open(deps), { code: 'CONFIG_INVALID', message: /ca_file.*\/nowhere\/ca\.pem/ });
  });

  test('shows no password, however it is printed', () => {
    const shown = inspect(emailPlugin.configure({ ...relay, user: 'u', password: 'hunter2' }), { depth: 9 });
    assert.ok(!shown.includes('hunter2'));
  });
});

test('TLS is used from the first byte on 465, required with a login or a ca_file, otherwise taken when offered', () => {
  const login = { user: 'u', password: { reveal: () => 'p' } as never };
  const none = { login: undefined, caFile: undefined };
  for (const [settings, expected] of [
    [{ ...none, port: 465, starttls: 'never' }, 'tls'],
    [{ ...none, port: 25, starttls: 'auto' }, 'opportunistic'],
    [{ ...none, port: 25, starttls: 'auto', login }, 'required'],
    [{ ...none, port: 25, starttls: 'auto', caFile: 'ca' }, 'required'],
    [{ ...none, port: 587, starttls: 'required' }, 'required'],
    [{ ...none, port: 25, starttls: 'never', login }, 'clear'],
  ] as const) {
    assert.equal(protectionOf(settings), expected);
  }
});

test('webhooks work without a section', () => {
  assert.equal(webhookPlugin.configure(undefined).kind, 'ready');
  assert.equal(webhookPlugin.configure({ timeout: '250ms' }).kind, 'ready');
  assert.equal(webhookPlugin.configure({ timeout: 'soon' }).kind, 'wrong');
});

describe('the sections of APIs', () => {
  const pluginOf = (type: string) => registerPlugins(builtinNotifiers).get(type) ?? webhookPlugin;

  test('say what is missing, until nothing is', () => {
    for (const [type, section, missing] of [
      ['jira', { user: 'u', password: 'p' }, /^jira is not configured: notification_types\.jira\.url missing$/],
      ['jira', { url: 'https://jira.example', user: 'u' }, /notification_types\.jira\.user with password, or token/],
      ['telegram', {}, /notification_types\.telegram\.token missing$/],
      ['sms', { account: 'AC1' }, /sms\.token and notification_types\.sms\.from missing$/],
    ] as const) {
      const configured = pluginOf(type).configure(section);
      assert.ok(configured.kind === 'unconfigured', type);
      assert.match(configured.detail, missing);
    }
    for (const [type, section] of [
      ['jira', { url: 'https://jira.example', token: 't' }],
      ['jira', { url: 'https://jira.example/jira', user: 'u', password: 'p' }],
      ['telegram', { token: 't' }],
      ['sms', { account: 'AC1', token: 't', from: 'mon' }],
      ['pagerduty', undefined],
      ['opsgenie', undefined],
      ['ntfy', undefined],
    ] as const) {
      const configured = pluginOf(type).configure(section);
      assert.ok(configured.kind === 'ready' && configured.warnings.length === 0, type);
    }
  });

  test('refuse a URL that is none, and warn of one without TLS', () => {
    for (const url of [
      'ntfy.sh',
      'ftp://ntfy.sh',
      'https://u:hunter2@ntfy.sh',
      'https://ntfy.sh/?a=b',
      'https://ntfy.sh/#a',
    ]) {
      const configured = pluginOf('ntfy').configure({ url });
      assert.ok(configured.kind === 'wrong', url);
      assert.deepEqual(
        configured.problems.map(({ key }) => key),
        ['url'],
      );
    }
    const configured = pluginOf('ntfy').configure({ url: 'http://ntfy.internal' });
    assert.ok(configured.kind === 'ready');
    assert.match(configured.warnings.join(), /ntfy\.url: http sends credentials and alarms in clear/);
  });
});

describe('the keys that all types by HTTP share', () => {
  const pluginOf = (type: string) => registerPlugins(builtinNotifiers).get(type) ?? emailPlugin;

  test('hold each type to what its service allows, unless the operator says otherwise', async () => {
    const rateOf = async (type: string, section: Readonly<Record<string, unknown>>) => {
      const configured = pluginOf(type).configure(section);
      assert.ok(configured.kind === 'ready');
      const notifier = configured.open(deps);
      await notifier.close();
      return notifier.rate;
    };
    assert.deepEqual(await rateOf('slack', {}), { perSecond: 1, of: 'address' });
    assert.deepEqual(await rateOf('discord', { rate: 3 }), { perSecond: 3, of: 'address' });
    assert.deepEqual(await rateOf('discord', {}), { perSecond: 0.5, of: 'address' });
    assert.equal(await rateOf('webhook', {}), undefined);
    assert.deepEqual(await rateOf('email', { ...relay, rate: 10 }), { perSecond: 10, of: 'destination' });
    assert.equal(await rateOf('email', relay), undefined);
  });

  test('are checked together with the others, and never shown', () => {
    const section = { timeout: 0, rate: -1, insecure: 'maybe', proxy: 'socks5://mon:hunter2@proxy' };
    const configured = pluginOf('slack').configure(section);
    assert.ok(configured.kind === 'wrong');
    assert.deepEqual(
      configured.problems.map(({ key }) => key),
      ['timeout', 'rate', 'insecure', 'proxy'],
    );
    assert.ok(!inspect(configured, { depth: 9 }).includes('hunter2'));
  });

  test('warn where certificates are not verified, and name a ca_certs that cannot be read', () => {
    const configured = pluginOf('webhook').configure({ insecure: true, ca_certs: '/nowhere/ca.pem' });
    assert.ok(configured.kind === 'ready');
    assert.match(configured.warnings.join(), /webhook\.insecure: certificates are not verified/);
    assert.throws(() => configured.open(deps), {
      code: 'CONFIG_INVALID',
      message: /webhook\.ca_certs: cannot read \/nowhere/,
    });
  });
});

describe('the registry', () => {
  test('knows what we ship', () => {
    const shipped =
      'email webhook slack pagerduty jira teams discord mattermost opsgenie telegram ntfy alertmanager sms';
    assert.equal([...registerPlugins(builtinNotifiers).keys()].join(' '), shipped);
  });

  test('refuses two plugins of one type, and types that no row could name', () => {
    assert.throws(() => registerPlugins([webhookPlugin, webhookPlugin]), { code: 'CONFIG_INVALID' });
    for (const type of ['', 'Webhook', 'a b', 'x'.repeat(21)]) {
      assert.throws(() => registerPlugins([{ ...webhookPlugin, type }]), { code: 'CONFIG_INVALID' });
    }
  });

  test('opens what is configured and keeps the reason of what is not', async () => {
    const plugins = registerPlugins(builtinNotifiers);
    const set = openNotifiers(plugins, {}, deps);
    assert.deepEqual([...set.open.keys(), ...set.unconfigured.keys()].sort(), [...plugins.keys()].sort());
    assert.ok(set.open.has('webhook'));
    assert.match(set.unconfigured.get('email') ?? '', /not configured/);
    for (const notifier of set.open.values()) await notifier.close();
    assert.throws(() => openNotifiers(registerPlugins(builtinNotifiers), { email: { ...relay, port: -1 } }, deps), {
      message: /notification_types\.email: port: expected a whole number from 1 to 65535/,
    });
  });
});
