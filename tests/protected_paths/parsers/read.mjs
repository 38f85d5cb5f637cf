// Reads each line of standard input as {"query": ...} or {"body": ...}, and says what Node's parsers take for the entity.
import querystring from 'node:querystring';
import readline from 'node:readline';
import qs from 'qs';

const texts = (value) => {
  if (value === undefined) return [];
  if (value !== null && typeof value === 'object') return Object.values(value).flatMap(texts);
  // Half a surrogate pair is no text that can be said to anybody.
  return [typeof value === 'string' ? Buffer.from(value).toString() : JSON.stringify(value)];
};

const own = (value, key) =>
  value !== null && typeof value === 'object' && Object.hasOwn(value, key) ? value[key] : undefined;

const from_query = (query) => {
  const url = new URL('http://a/state');
  url.search = query;
  const cut = `/state?${query}`.split('?');
  return {
    querystring: texts(querystring.parse(query).entity_id),
    URLSearchParams: new URLSearchParams(query).getAll('entity_id'),
    URL: url.searchParams.getAll('entity_id'),
    qs: texts(own(qs.parse(query), 'entity_id')),
    'qs, allowDots': texts(own(qs.parse(query, { allowDots: true }), 'entity_id')),
    'qs, cut at ;': texts(own(qs.parse(query, { delimiter: /[&;]/ }), 'entity_id')),
    'qs, ignoreQueryPrefix': texts(own(qs.parse(query, { ignoreQueryPrefix: true }), 'entity_id')),
    'what follows the first question mark': texts(querystring.parse(cut[1]).entity_id),
    'what follows the last question mark': texts(querystring.parse(cut.at(-1)).entity_id),
  };
};

const from_body = (body, keys) => {
  try {
    return { 'JSON.parse': texts(keys.reduce(own, JSON.parse(body))) };
  } catch {
    return { 'JSON.parse': [] };
  }
};

for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const asked = JSON.parse(line);
  console.log(JSON.stringify('query' in asked ? from_query(asked.query) : from_body(asked.body, asked.at)));
}
