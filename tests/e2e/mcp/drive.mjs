// Drives `commune mcp` with the official client library of TypeScript, as drive.py does with Python's; the same words, with
// COMMUNE_CLIENTS naming the folder where the library is installed. Ends with 1 at the first thing that is not as it should be.
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.COMMUNE_CLIENTS}/`);
const { Client } = require('@modelcontextprotocol/sdk/client/index.js');
const { StdioClientTransport } = require('@modelcontextprotocol/sdk/client/stdio.js');
const { StreamableHTTPClientTransport } = require('@modelcontextprotocol/sdk/client/streamableHttp.js');

const [what, ...rest] = process.argv.slice(2);

const LESSON =
  '# Renew the wildcard certificate\nRun `certbot renew --dns-plugin acme` on host lantern; the reload hook restarts the proxy.';
const FAILURES = ['unavailable', 'refused', 'invalid', 'failed'];

async function connect(where, agent) {
  const client = new Client({ name: 'drive', version: '1' });
  const transport = where[0].startsWith('http')
    ? new StreamableHTTPClientTransport(new URL(where[0]))
    : new StdioClientTransport({ command: where[0], args: [...where.slice(1), '--agent', agent], stderr: 'inherit' });
  await client.connect(transport);
  // from here on every answer is held against the schema of its tool
  await client.listTools();
  return client;
}

function check(holds, ...what) {
  if (!holds) throw new Error(`not as it should be: ${JSON.stringify(what)}`);
}

async function call(client, name, status, args = {}) {
  const result = await client.callTool({ name, arguments: args });
  const answer = result.structuredContent;
  check(answer.status === status, name, args, status, answer);
  check(Boolean(result.isError) === FAILURES.includes(status), name, answer);
  check(result.content[0].text, name);
  return [answer, result.content[0].text];
}

async function until(client, name, status, args) {
  for (let tries = 0; tries < 300; tries++) {
    const { structuredContent } = await client.callTool({ name, arguments: args });
    if (structuredContent.status === status) return structuredContent;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`${name} never came to ${status}`);
}

async function refused(promise) {
  let error;
  await promise.catch((caught) => (error = caught));
  check(error?.code < 0, 'this has to be an error of the protocol');
}

async function day(where) {
  const client = await connect(where, 'ada');
  const { tools } = await client.listTools();
  const names = ['remember', 'recall', 'search_library', 'read_article', 'ask', 'share', 'propose', 'object', 'helpful', 'rest', 'my_brief'];
  check(tools.map((tool) => tool.name).join() === names.join(), tools);
  check(tools.every((tool) => tool.outputSchema && tool.title), tools);
  const destroys = tools.filter((tool) => tool.annotations.destructiveHint !== false).map((tool) => tool.name);
  check(destroys.join() === 'propose', destroys);

  const note = { text: 'The board in the hall listens on port 8080.', kind: 'fact', tags: ['hall'] };
  const [first] = await call(client, 'remember', 'stored', note);
  const [again] = await call(client, 'remember', 'stored', note);
  check(first.new && !again.new && first.id === again.id, first, again);
  const found = await until(client, 'recall', 'found', { question: 'which port has the board in the hall?' });
  check(found.notes[0].excerpt.includes('8080'), found);
  await call(client, 'recall', 'not_known', { question: 'zeppelin mooring' });
  await call(client, 'my_brief', 'not_known');

  await call(client, 'share', 'stored', { text: LESSON, kind: 'how-to', title: 'Renew the wildcard certificate' });
  const [asked] = await call(client, 'ask', 'not_known', { question: 'How is a zeppelin moored?' });
  check(asked.recorded, asked);
  await call(client, 'search_library', 'not_known', { query: 'wildcard certificate' });
  await call(client, 'read_article', 'not_known', { path: 'how-to/nothing' });
  await call(client, 'rest', 'stored', { until: '2999-01-01' });
  await call(client, 'rest', 'stored', { end: true });

  await call(client, 'rest', 'invalid');
  await call(client, 'remember', 'invalid', { text: 'x', colour: 'red' });
  await call(client, 'helpful', 'invalid', { path: 'how-to/nothing', verdict: 'wrong' });
  await call(client, 'remember', 'refused', { text: '---\nkind: [\n---\nx' });
  await refused(client.callTool({ name: 'forget', arguments: {} }));
  await refused(client.readResource({ uri: 'commune://nothing' }));

  const { prompts } = await client.listPrompts();
  check(prompts.length === 2, prompts);
  const prompt = await client.getPrompt({ name: 'log_what_you_learned', arguments: { work: 'the proxy' } });
  check(prompt.messages[0].content.text.includes('the proxy'), prompt);
  const { resourceTemplates } = await client.listResourceTemplates();
  check(resourceTemplates[0].uriTemplate === 'commune://articles/{+path}', resourceTemplates);
  await client.close();
}

async function night(where) {
  const client = await connect(where, 'ada');
  const [found, words] = await call(client, 'search_library', 'found', { query: 'renew wildcard certificate', max_tokens: 500 });
  const { path, contributors, revision } = found.articles[0];
  check(contributors.join() === 'ada' && revision === 1 && found.untrusted, found);
  check(words.includes('> Renew the wildcard certificate'), words);
  const [read, text] = await call(client, 'read_article', 'found', { path });
  check(read.text.includes('certbot renew') && text.includes(`Article ${path}, revision 1`), text);
  await call(client, 'ask', 'found', { question: 'How is the wildcard certificate renewed?' });
  await call(client, 'helpful', 'stored', { path, why: 'it saved me an hour' });
  const remove = { change: 'remove', path, why: 'the proxy is gone' };
  const [proposed] = await call(client, 'propose', 'stored', remove);
  const [same] = await call(client, 'propose', 'stored', remove);
  check(proposed.state === 'waiting' && proposed.proposal === same.proposal, proposed, same);
  const [told] = await call(client, 'read_article', 'found', { path });
  check(told.text.includes(proposed.proposal) && told.text.includes('the proxy is gone'), told);
  await call(client, 'object', 'refused', { proposal: proposed.proposal, why: 'one’s own is taken back' });
  await call(client, 'propose', 'invalid', { change: 'merge', path, why: 'into what?' });
  const [brief] = await call(client, 'my_brief', 'found');
  check(brief.text.includes('8080'), brief);
  const uris = (await client.listResources()).resources.map((resource) => resource.uri);
  check(uris[0] === 'commune://brief' && uris.includes(`commune://articles/${path}`), uris);
  for (const uri of uris) {
    const { contents } = await client.readResource({ uri });
    check(contents[0].mimeType === 'text/markdown' && contents[0].text.includes('> '), uri, contents);
  }
  await client.close();
}

// each agent has all its notes under way at once
async function store(clients, notes, where) {
  const keep = async (agent) => {
    const client = await connect(where, agent);
    const texts = Array.from({ length: notes }, (_, number) => `${agent} keeps note ${number}`);
    await Promise.all(
      texts.map(async (text) => {
        const [answer] = await call(client, 'remember', 'stored', { text });
        console.log(JSON.stringify({ agent, id: answer.id, text }));
      }),
    );
    await client.close();
  };
  await Promise.all(Array.from({ length: clients }, (_, number) => keep(`agent-${number}`)));
}

if (what === 'day') await day(rest);
else if (what === 'night') await night(rest);
else if (what === 'store') await store(Number(rest[0]), Number(rest[1]), rest.slice(2));
else throw new Error('day, night or store: see drive.py');
