import { DeliveryError, isGivenUp } from '../../domain/errors.js';
import type { Clock } from '../../ports/system.js';
import { below } from '../http-plugin.js';
import type { HttpPost } from '../http-post.js';
import { type HttpAnswer, refusal } from '../http-status.js';
import { readJson } from '../json-answer.js';

/** A call that only asks, or one that changes something: what a lost answer means depends on it. */
export interface JiraCall {
  readonly kind: 'asks' | 'changes';
  /** Below the base URL, encoded. */
  readonly path: string;
  readonly query?: string;
  /** Absent: GET. */
  readonly body?: unknown;
}

export interface JiraAccess {
  readonly url: URL;
  readonly authorization: string;
  /** The setting to check when the login is refused. */
  readonly key: string;
}

/** The calls of one send: same login, same signal. Only JSON objects and refusals come out. */
export class JiraCalls {
  readonly #http: Pick<HttpPost, 'post'>;
  readonly #access: JiraAccess;
  readonly #id: string;
  readonly #limit: ReturnType<Clock['limit']>;

  /** `id` is the notification's, `limit` the one over all calls. */
  constructor(http: Pick<HttpPost, 'post'>, access: JiraAccess, id: string, limit: ReturnType<Clock['limit']>) {
    this.#http = http;
    this.#access = access;
    this.#id = id;
    this.#limit = limit;
  }

  /** The text of a 2xx answer, cut at 64 KiB. @throws DeliveryError */
  async text(call: JiraCall): Promise<string> {
    const url = below(this.#access.url, `rest/api/2/${call.path}`);
    url.search = call.query ?? '';
    const answer = await this.#post(url, call);
    if (answer.status < 200 || answer.status > 299) throw refusal(url.host, answer, this.#access.key);
    return answer.body;
  }

  /** The JSON object of a 2xx answer. @throws DeliveryError */
  async object(call: JiraCall): Promise<object> {
    const said = readJson(await this.text(call));
    if (said !== undefined) return said;
    throw this.#lost(call, 'cannot be read');
  }

  /** The error for a call whose answer is missing or makes no sense. */
  #lost(call: JiraCall, what: string, cause?: unknown): DeliveryError {
    const { host } = this.#access.url;
    const failure = call.kind === 'changes' ? 'outcome_unknown' : this.#limit.expired ? 'timed_out' : 'unreachable';
    return new DeliveryError(`the answer of ${host} ${what}; another try looks first for what is there`, {
      failure,
      retriable: true,
      cause,
    });
  }

  async #post(url: URL, call: JiraCall): Promise<HttpAnswer> {
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json',
      authorization: this.#access.authorization,
      'Idempotency-Key': this.#id,
    };
    const request =
      call.body === undefined
        ? ({ method: 'GET', url, headers, body: '' } as const)
        : { url, headers, body: JSON.stringify(call.body) };
    try {
      return await this.#http.post(request, this.#limit.signal);
    } catch (error) {
      const isOver = isGivenUp(error) && this.#limit.expired;
      const isLost = error instanceof DeliveryError && error.failure === 'outcome_unknown';
      throw isOver || isLost ? this.#lost(call, 'did not come', error) : error;
    }
  }
}
