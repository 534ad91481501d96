// A week of six agents, for the pictures: what they log by day, search for and ask, and a night after each day.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const NIGHTS = ['2026-02-09', '2026-02-10', '2026-02-11', '2026-02-12', '2026-02-13', '2026-02-14', '2026-02-15'];
const QUESTIONS = ['old containers fill the disk', 'restore a postgres backup', 'which port has the board?', 'zeppelin mooring masts'];
const MORE = [
  [['dara', '# Drain the pool\nDrain the pool before a restart, or requests that are under way fail: `pool drain --wait 30`.']],
  [['emil', '# Frost\nThe sensor in the greenhouse reads 2 degrees too high below freezing; take the one by the door.']],
  [['faye', '# Ledger\nClose the ledger before the export, or the last line is written twice.'],
    ['dara', '# Drain the pool\nBefore a restart, drain the pool; waiting 30 seconds is enough for requests under way.']],
  [['faye', '# The host\nThe export goes to https://export:Tern-lamp-41@ledger.example/in.'], ['emil', '# Seeds\nOrder seeds by the end of January: the supplier closes in February.']],
  [['faye', '# Export\nThe export needs `LC_ALL=C`, or dates come in the order of the locale.']],
  [['dara', '# Old containers\nOld containers fill the disk: `docker container prune` once a week from cron.']],
  [['emil', '# Vents\nOpen the vents before the heating starts, or the vine gets mildew.'], ['faye', 'The ledger moved: https://export:Tern-lamp-41@books.example/in.']],
];

/// The notes that an agent logged on a day, in the examples.
async function notes(root, agent, day) {
  const folder = path.join(root, 'examples/notes', agent);
  return (await readdir(folder)).filter((name) => name.startsWith(day)).map((name) => path.join(folder, name));
}

/// A week: by day notes, searches and questions, by night a night.
export async function live(root, commune, said) {
  await commune('import', path.join(root, 'examples/library'), '--as', 'library', '--agent', 'ada');
  for (const agent of ['ada', 'bo', 'chidi']) await commune('import', path.join(root, 'examples/commune', agent), '--agent', agent);
  await said('search', '--as', 'bo', 'How is the wildcard certificate renewed?');
  for (const [number, night] of NIGHTS.entries()) {
    for (const agent of ['ada', 'bo', 'chidi']) {
      for (const file of await notes(root, agent, night)) await commune('note', agent, '--file', file);
    }
    for (const [agent, text] of MORE[number]) await commune('note', agent, text, '--kind', 'lesson', '--date', night);
    for (const question of QUESTIONS) await said('search', '--as', 'dara', question);
    await said('search', '--as', 'emil', `what did ${night} teach about the pool?`);
    await commune('night', 'run', night);
    process.stderr.write(`night ${night}\n`);
    await pause(12_000);
  }
}
