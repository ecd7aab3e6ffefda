import { answer, type HttpReaction, type SeenRequest } from './http-receiver.js';

interface FakeIssue {
  readonly key: string;
  readonly summary: string;
  status: string;
  readonly comments: string[];
}

/** As much of Jira's REST API v2 as one notification touches, with what it was told. */
export class FakeJira {
  readonly issues: FakeIssue[] = [];
  /** Names of the transitions that every issue offers. */
  transitions: readonly string[] = ['Start progress', 'Reopen issue'];
  readonly queries: string[] = [];
  /** Whether a new issue can be found. A search index is late at times. */
  finds = true;

  readonly react: HttpReaction = (socket, request) => {
    const [status, body] = this.#answer(request);
    answer(status, JSON.stringify(body), ['content-type: application/json'])(socket, request);
  };

  #answer({ line, body }: SeenRequest): readonly [number, object] {
    const [method, path = ''] = line.split(' ');
    const parts = (path.split('?')[0]?.split('/rest/api/2/')[1] ?? '').split('/');
    const said = body === '' ? {} : JSON.parse(body);
    if (parts[0] === 'search') {
      this.queries.push(said.jql);
      const issues = this.finds ? this.issues.toReversed() : [];
      return [
        200,
        { issues: issues.map(({ key, summary, status }) => ({ key, fields: { summary, status: { name: status } } })) },
      ];
    }
    if (parts.length === 1) return [201, { id: '1', key: this.add(said.fields.summary).key }];
    const issue = this.issues.find(({ key }) => key === parts[1]);
    if (issue === undefined) return [404, {}];
    if (parts[2] === 'comment') {
      if (method === 'GET') return [200, { comments: issue.comments.toReversed().map((text) => ({ body: text })) }];
      issue.comments.push(said.body);
      return [201, {}];
    }
    if (method === 'GET')
      return [200, { transitions: this.transitions.map((name, at) => ({ id: `${100 + at}`, name })) }];
    issue.status = this.transitions[Number(said.transition.id) - 100] ?? '';
    return [204, {}];
  }

  add(summary: string, status = 'Open'): FakeIssue {
    const issue = { key: `P-${this.issues.length + 1}`, summary, status, comments: [] };
    this.issues.push(issue);
    return issue;
  }
}
