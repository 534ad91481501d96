// Looks at pages in a headless Chromium: `node drive.mjs library http://…` walks the pages of `commune web` as a reader does, and
// `node drive.mjs crawl http://…` looks at every kind of page that is linked to. Of each page it wants: no error on the console, no
// answer that failed, no violation that axe finds, and nothing wider than the window, in both themes at two widths. COMMUNE_CLIENTS
// names the folder with playwright-core and axe-core, CHROMIUM the program. Ends with 1 at what is not as it should be, and says where.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import process from 'node:process';

const require = createRequire(`${process.env.COMMUNE_CLIENTS}/`);
const { chromium } = require('playwright-core');
const axe = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8');

const [what, address] = process.argv.slice(2);
const SIZES = { 390: 844, 1280: 900 };
const THEMES = ['light', 'dark'];
// pages of each kind
const OF_A_KIND = 2;

/// The kind of a page: the first part of its address, and how many there are.
function kindOf(path) {
  const parts = path.split(/[?#]/)[0].split('/').filter(Boolean);
  return parts.length ? `${parts[0]}/${parts.length}` : 'home';
}

const wrong = [];
function check(holds, ...words) {
  if (!holds) wrong.push(words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word))).join(' '));
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });

/// A window that hears what a page complains of.
async function open(width, colorScheme) {
  const context = await browser.newContext({ viewport: { width, height: SIZES[width] }, colorScheme });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const expected = new Set();
  page.on('console', (message) => check(!['error', 'warning'].includes(message.type()) || expected.has(message.location().url), page.url(), 'console:', message.text()));
  page.on('pageerror', (error) => check(false, page.url(), 'error:', String(error)));
  page.on('requestfailed', (request) => check(request.failure().errorText === 'net::ERR_ABORTED', page.url(), 'failed:', request.url(), request.failure().errorText));
  page.on('request', (request) => check(request.url().startsWith(address) || request.url().startsWith('data:'), page.url(), 'asks elsewhere:', request.url()));
  return { page, expected };
}

/// What axe finds, and whether the page is wider than its window.
async function look(page, where) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
  for (const { id, help, nodes } of found.violations) {
    check(false, where, `axe ${id} (${help}):`, nodes.slice(0, 3).map(({ html, any }) => `${html.slice(0, 160)} ${any[0]?.message ?? ''}`));
  }
  const [inner, window] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  check(inner <= window, where, `is ${inner} px wide in a window of ${window}`);
}

/// Every kind of page that is led to, in each theme and width.
async function crawl(more = []) {
  const { page } = await open(1280, 'light');
  const kinds = new Map();
  const next = ['/', ...more];
  const seen = new Set(next);
  while (next.length) {
    const path = next.shift();
    const kind = kindOf(path);
    const of = kinds.get(kind) ?? [];
    if (of.length >= OF_A_KIND && !more.includes(path)) continue;
    const answer = await page.request.get(new URL(path, address).href);
    check(answer.status() === 200, path, 'answers', answer.status());
    // what is for programs is not looked at
    if (!answer.headers()['content-type']?.startsWith('text/html')) continue;
    kinds.set(kind, [...of, path]);
    await page.goto(new URL(path, address).href);
    const links = await page.locator('a[href]').evaluateAll((all) => all.map((link) => new URL(link.getAttribute('href'), document.baseURI).href));
    for (const link of links.map((href) => new URL(href)).filter(({ origin }) => origin === new URL(address).origin)) {
      const target = link.pathname + link.search;
      if (!seen.has(target)) next.push(target);
      seen.add(target);
    }
  }
  await page.context().close();
  const pages = [...kinds.values()].flat();
  for (const theme of THEMES) {
    for (const width of Object.keys(SIZES).map(Number)) {
      const { page } = await open(width, theme);
      for (const path of pages) {
        await page.goto(new URL(path, address).href);
        await look(page, `${path} (${theme}, ${width} px)`);
      }
      await page.context().close();
    }
  }
  return [...kinds.keys()];
}

/// As a reader: search, read, history, object to a proposal, the board.
async function library() {
  const { page, expected } = await open(1280, 'light');
  const heading = () => page.locator('h1').first().textContent();
  await page.goto(address);
  await page.getByRole('searchbox').first().pressSequentially('renew the wildcard certificate');
  const hit = page.locator('#results .hit a').first();
  await hit.waitFor();
  await page.keyboard.press('ArrowDown');
  check(await hit.evaluate((link) => link === document.activeElement), 'the arrow leads to the first result');
  const title = (await hit.textContent()).trim();
  check(/certificate/i.test(title), 'the first result is', title);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/articles/**');
  check((await heading()).trim() === title, 'the article is', await heading());
  check((await page.locator('article').textContent()).includes('certbot renew'), 'the article says how');

  await page.getByRole('link', { name: 'History' }).click();
  await page.waitForURL('**/history/**');
  check((await page.locator('tbody tr').count()) > 0, 'the history has revisions');
  await page.locator('tbody th a').first().click();
  await page.waitForURL('**/revisions/**');
  check((await page.locator('ins').count()) > 0, 'a revision shows what it added');
  await page.getByRole('link', { name: 'Who said what' }).click();
  await page.waitForURL('**/blame/**');
  check((await page.locator('table').textContent()).includes('ada'), 'ada said it');

  // without a script, by the button
  const { page: plain } = await (async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    return { page: await context.newPage() };
  })();
  await plain.goto(address);
  await plain.getByRole('searchbox').first().fill('zeppelin mooring masts');
  await plain.getByRole('button', { name: 'Search' }).first().click();
  check((await plain.locator('#results').textContent()).includes('no answer'), 'what is not known is said to be');
  await plain.context().close();

  await page.getByRole('link', { name: 'Proposals' }).first().click();
  await page.waitForURL('**/proposals');
  await page.locator('main a[href^="/proposals/"]').first().click();
  await page.waitForURL('**/proposals/*');
  const reason = 'Only one of the two pages says <b>what</b> fails.';
  const form = page.locator('form.say').first();
  await form.locator('textarea, input[type=text]').first().fill(reason);
  await form.getByRole('button').click();
  await page.waitForLoadState();
  await page.getByText(reason).first().waitFor();
  check((await page.locator('main').textContent()).includes('bo'), 'bo objected');

  await page.getByRole('link', { name: 'Nights' }).first().click();
  await page.waitForURL('**/nights');
  await page.locator('main a[href^="/nights/"]').first().click();
  await page.waitForURL('**/nights/*');
  check(/ada/.test(await page.locator('main').textContent()), 'the board names ada');

  // what is not there says so
  const missing = new URL('/articles/nothing/here', address).href;
  expected.add(missing);
  check((await page.goto(missing)).status() === 404, 'an article that is not there is not found');
  await look(page, 'an article that is not there');
  await page.context().close();

  const kinds = await crawl(['/search?q=certificate', '/search?q=zeppelin', '/memory/notes', '/memory/diary?day=2026-02-15', '/memory/diary?day=2001-01-01']);
  const wanted = ['home', 'articles/3', 'history/3', 'revisions/4', 'blame/3', 'sections/2', 'search/1', 'needs/1', 'proposals/1', 'proposals/2', 'nights/1', 'nights/2', 'memory/1', 'memory/2', 'memory/3'];
  for (const kind of wanted) check(kinds.includes(kind), `no page of the kind ${kind} is led to: ${kinds}`);
}

try {
  if (what === 'library') await library();
  else if (what === 'crawl') process.stdout.write(`${(await crawl()).join(' ')}\n`);
  else throw new Error('library or crawl, and an address');
} catch (error) {
  wrong.push(String(error));
}
await browser.close();
for (const one of new Set(wrong)) process.stderr.write(`${one}\n`);
process.exitCode = wrong.length ? 1 : 0;
