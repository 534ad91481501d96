// A short agent in TypeScript: it asks the commune what it could not answer, logs what it learned, and waits for the answer on its inbox.
//
//     npm install @nats-io/transport-node && npx tsc agent.ts --module nodenext && node agent.js nats://127.0.0.1:4222
//
// It is answered with the night after which an article has the answer (`commune night run`).
import { createHash } from 'node:crypto';
import { connect, type NatsConnection } from '@nats-io/transport-node';

const AGENT = 'ts';
const NOTE = `---
kind: fix
---
# The board shows yesterday's figures
Its cache keeps a day. Send \`board refresh --all\` after an import, and it shows today's.
`;
const QUESTION = 'How do I restart a worker of the pool without failing requests?';

interface Acknowledged {
  seq?: number;
  error?: { description: string };
}

// Says it until the server has acknowledged it. The id derives from the text, so that it is kept once however often it is said.
async function log(bus: NatsConnection, kind: string, text: string): Promise<string> {
  const id = createHash('sha256').update(text).digest('hex').slice(0, 32);
  for (;;) {
    let answer: Acknowledged;
    try {
      answer = (await bus.request(`commune.agent.${AGENT}.${kind}.${id}`, text, { timeout: 5000 })).json<Acknowledged>();
    } catch {
      // nobody heard it, or nobody answered: say it again
      await new Promise((again) => setTimeout(again, 1000));
      continue;
    }
    if (!answer.error) return 'stored';
    if (answer.error.description.includes('per subject')) return 'stored already';
    throw new Error(`it was refused: ${answer.error.description}`);
  }
}

const bus = await connect({ servers: process.argv[2] });
const inbox = bus.subscribe(`commune.inbox.${AGENT}.answered`, { max: 1 });
await bus.flush();
console.log(JSON.stringify({ need: await log(bus, 'need', QUESTION), note: await log(bus, 'note', NOTE) }));
for await (const message of inbox) {
  console.log(JSON.stringify({ answered: message.json() }));
}
await bus.close();
