// Takes the pictures of this folder again, from a real run: `make pictures`. A commune of six agents runs seven nights with traces,
// under a real Prometheus with the rules of deploy/; then a headless Chromium looks at it.
//
// `take.mjs trace`, or another name, takes only that one.
//
// Needs the built programs, `make clients`, and chromium, prometheus and pngquant (Debian has all three). CHROMIUM, PROMETHEUS,
// NATS_SERVER and COMMUNE_BIN_DIR say where something is that is elsewhere.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { live } from './live.mjs';
import { dashboard } from './panels.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');
const { chromium } = createRequire(path.join(root, '.tools/clients/node/'))('playwright-core');
const run = promisify(execFile);
const bin = process.env.COMMUNE_BIN_DIR ?? path.join(root, 'target/debug');
// a service refuses variables of ours that are no settings
delete process.env.COMMUNE_BIN_DIR;
const prometheusProgram = process.env.PROMETHEUS ?? 'prometheus';
const home = await mkdtemp(path.join(tmpdir(), 'commune-pictures.'));

const MOST = 150_000;

const wanted = process.argv.slice(2);
const wants = (name) => wanted.length === 0 || wanted.includes(name);

const children = [];
function start(program, args) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

async function commune(...args) {
  return (await run(path.join(bin, 'commune'), ['--home', home, ...args], { maxBuffer: 64 << 20 })).stdout;
}

/// What a command prints, also when it ends with "not known here".
const said = (...args) => commune(...args).catch((error) => {
  if (error.code !== 3) throw error;
  return error.stdout;
});

async function until(what, state) {
  for (const end = Date.now() + 60_000; Date.now() < end; await pause(200)) {
    const ended = children.find((child) => child.exitCode !== null);
    if (ended) throw new Error(`${ended.spawnfile} ended with ${ended.exitCode}`);
    const found = await state().catch(() => undefined);
    if (found) return found;
  }
  throw new Error(`not within a minute: ${what}`);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/// A Prometheus with the configuration of deploy/, but for where things are and how often they are asked.
async function startPrometheus(health) {
  const alerts = path.join(root, 'deploy/prometheus/alerts.yml');
  let configuration = await readFile(path.join(root, 'deploy/prometheus/prometheus.yml'), 'utf8');
  configuration = configuration.replaceAll('15s', '2s').replace('/etc/prometheus/alerts.yml', alerts);
  for (const [service, url] of Object.entries(health)) {
    const found = new RegExp(`dns_sd_configs: \\[\\{ names: \\[${service}\\].*`);
    if (!found.test(configuration)) throw new Error(`deploy/prometheus/prometheus.yml does not ask ${service}`);
    configuration = configuration.replace(found, `static_configs: [{ targets: ['${new URL(url).host}'] }]`);
  }
  const file = path.join(home, 'prometheus.yml');
  await writeFile(file, configuration);
  const checked = await run(prometheusProgram.replace(/prometheus$/, 'promtool'), ['check', 'config', file]);
  process.stderr.write(checked.stdout);
  const address = `127.0.0.1:${await freePort()}`;
  start(prometheusProgram, [`--config.file=${file}`, `--storage.tsdb.path=${home}/prometheus`, `--web.listen-address=${address}`, '--log.level=warn']);
  await until('Prometheus is ready', async () => (await fetch(`http://${address}/-/ready`)).ok);
  return `http://${address}`;
}

async function shoot(page, name, options = {}) {
  const file = path.join(here, `${name}.png`);
  await page.screenshot({ path: file, ...options });
  await run('pngquant', ['--force', '--skip-if-larger', '--strip', '--speed', '1', '--output', file, '64', file]).catch((error) => {
    if (error.code !== 98) throw error;
  });
  const { size } = await stat(file);
  process.stderr.write(`${path.relative(root, file)}: ${Math.round(size / 1000)} kB\n`);
  if (size > MOST) throw new Error(`${file} is greater than ${MOST} bytes`);
}

/// The pages of `commune web`, in both themes at two widths.
async function web(browser) {
  const served = start(path.join(bin, 'commune'), ['--home', home, '--json', 'web', '--listen', '127.0.0.1:0', '--agent', 'bo']);
  const [line] = await once(createInterface(served.stdout), 'line');
  const { address } = JSON.parse(line);
  const article = JSON.parse((await commune('--json', 'search', 'old containers fill the disk')).split('\n')[0]).results[0].name;
  const other = JSON.parse((await commune('--json', 'search', 'drain the pool before a restart')).split('\n')[0]).results[0].name;
  const [from, into] = [other, article].map((name) => name.replace('articles/', ''));
  await commune('propose', '--agent', 'emil', '--why', 'both are what to do before a restart', 'merge', from, into);
  const pages = { search: '/search?q=old+containers+fill+the+disk', article: `/${article}`, proposal: '/proposals', night: `/nights` };
  for (const colorScheme of ['light', 'dark']) {
    for (const [width, height] of [[1280, 800], [390, 844]]) {
      const page = await browser.newPage({ viewport: { width, height }, colorScheme });
      for (const [name, at] of Object.entries(pages)) {
        await page.goto(new URL(at, address).href);
        // a list leads to its newest
        if (at.lastIndexOf('/') === 0 && !at.includes('?')) {
          await page.locator(`main a[href^="${at}/"]`).first().click();
          await page.waitForURL(`**${at}/*`);
        }
        await shoot(page, `web-${name}-${colorScheme}-${width}`);
      }
      await page.close();
    }
  }
}

try {
  start(path.join(bin, 'commune'), ['--home', home, 'up', '--free-ports', '--traces', '--quiet']);
  const running = await until('the commune is ready', async () => {
    await commune('status');
    return JSON.parse(await readFile(path.join(home, 'commune.json'), 'utf8'));
  });
  const prometheus = await startPrometheus(running.health);
  const began = Date.now() / 1000;
  await live(root, commune, said);
  const time = { start: began, end: Date.now() / 1000, step: 2 };
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  const desktop = () => browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' });
  if (wants('trace')) {
    const trace = JSON.parse(await commune('trace', '2026-02-12', '--agent', 'ada', '--json'));
    const page = await desktop();
    await page.goto(trace.page);
    await shoot(page, 'trace', { fullPage: true });
  }
  if (wants('dashboard')) {
    const board = JSON.parse(await readFile(path.join(root, 'deploy/grafana/dashboards/commune.json'), 'utf8'));
    const page = await desktop();
    await page.setContent(await dashboard(board, prometheus, time));
    await shoot(page, 'dashboard', { fullPage: true });
  }
  if (wants('web')) await web(browser);
  await browser.close();
} finally {
  for (const child of children.reverse()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
  await rm(home, { recursive: true, force: true });
}
