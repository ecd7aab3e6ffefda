import { parseEndpoints } from '../../src/config/endpoints-file.js';
import type { Endpoint } from '../../src/domain/endpoint.js';
import type { NonEmpty } from '../../src/domain/position.js';

export interface EndpointGiven {
  readonly name?: string;
  readonly url?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Endpoints as the file of them would give: JSON is YAML. */
export function endpointsOf(...given: readonly EndpointGiven[]): NonEmpty<Endpoint> {
  const entries = given.map((one, index) => ({ name: `e${index + 1}`, url: 'http://fetch.com/', ...one }));
  const file = parseEndpoints(JSON.stringify(entries));
  if (file.kind !== 'endpoints') throw new Error(JSON.stringify(file));
  return file.endpoints;
}

export function endpointOf(given: EndpointGiven): Endpoint {
  return endpointsOf(given)[0];
}
