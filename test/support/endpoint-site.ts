import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { privateFolder } from './config-file.js';
import { answer, type HttpReaction, HttpReceiver } from './http-receiver.js';

/** A site to be checked: `/body` wants JSON with `foo`, `/error` fails, `/slow` takes 700 ms, `/hang` never answers, the rest is well. */
export class EndpointSite {
  readonly receiver: HttpReceiver;
  readonly #folder: string;

  private constructor(receiver: HttpReceiver, folder: string) {
    this.receiver = receiver;
    this.#folder = folder;
  }

  static async open(test: TestContext): Promise<EndpointSite> {
    const receiver = await HttpReceiver.start();
    test.after(() => receiver.close());
    receiver.react = react;
    return new EndpointSite(receiver, privateFolder(test));
  }

  url(path: string): string {
    return this.receiver.url(path);
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  /** Writes a file and answers with its path. */
  file(content: string, name = 'endpoints.yaml'): string {
    writeFileSync(this.path(name), content);
    return this.path(name);
  }
}

const react: HttpReaction = (socket, request) => {
  const path = request.line.split(' ')[1];
  if (path === '/hang') return;
  if (path === '/slow') setTimeout(() => answer(200)(socket, request), 700);
  else if (path === '/moved') answer(301, '', ['location: /'])(socket, request);
  else if (path === '/error') answer(500)(socket, request);
  else answer(path === '/body' && !hasFoo(request.body) ? 422 : 200, 'done')(socket, request);
};

function hasFoo(body: string): boolean {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null && 'foo' in parsed;
  } catch {
    return false;
  }
}
