// Draws the panels of a Grafana dashboard (their titles, places, units and queries are the dashboard's) over what Prometheus answers.
// The drawing is our own: it is not Grafana's.

const COLOURS = ['#0f766e', '#b45309', '#6d28d9', '#be185d', '#4d7c0f', '#1d4ed8', '#b91c1c', '#57534e', '#0369a1', '#a16207'];
const COLUMN = 1240 / 24;
const ROW = 30;
const GAP = 10;
const LINES = 3;

const text = (value) => String(value).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
const named = (format, labels) => (format ?? '').replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => labels[label] ?? '').trim();

function shown(value, unit) {
  const short = (n) => String(Math.abs(n) >= 10 ? Math.round(n) : Number(n.toPrecision(2)));
  if (!Number.isFinite(value)) return '–';
  if (unit === 'percentunit') return `${Math.round(value * 100)} %`;
  if (unit === 'cps') return `${short(value)}/s`;
  if (unit !== 's' || value === 0) return short(value);
  if (value < 1) return `${short(value * 1000)} ms`;
  if (value < 120) return `${short(value)} s`;
  return value < 7200 ? `${short(value / 60)} min` : `${short(value / 3600)} h`;
}

async function ask(prometheus, path, query) {
  const answer = await (await fetch(`${prometheus}/api/v1/${path}?${new URLSearchParams(query)}`)).json();
  if (answer.status !== 'success') throw new Error(`${query.query}: ${answer.error}`);
  return answer.data.result;
}

/// Every target's series over the time, each with a name and its points.
async function series(prometheus, panel, { start, end, step }) {
  const found = [];
  for (const target of panel.targets) {
    const result = await ask(prometheus, 'query_range', { query: target.expr, start, end, step });
    for (const { metric, values } of result) {
      const points = values.map(([time, value]) => [time, Number(value)]).filter(([, value]) => Number.isFinite(value));
      if (points.length) found.push({ name: named(target.legendFormat, metric), points });
    }
  }
  // what is greatest is named first
  const most = ({ points }) => Math.max(...points.map(([, value]) => value));
  if (panel.type === 'timeseries') found.sort((one, other) => most(other) - most(one));
  return found.map((one, place) => ({ ...one, colour: COLOURS[place % COLOURS.length] }));
}

function stat(found, unit, wide, high) {
  const part = wide / Math.max(found.length, 1);
  return found.map(({ name, points, colour }, place) => {
    const middle = part * (place + 0.5);
    const value = shown(points.at(-1)[1], unit);
    return `<text x="${middle}" y="${high / 2 + 8}" class="stat" fill="${colour}">${value}</text>
      <text x="${middle}" y="${high / 2 + 34}" class="of">${text(name)}</text>`;
  }).join('');
}

const clock = (time) => new Date(time * 1000).toISOString().slice(11, 16);

function frame({ start, end }, left, wide, high) {
  const place = (time) => left + ((time - start) / (end - start)) * wide;
  const ticks = [];
  const step = end - start > 1200 ? 300 : 60;
  for (let time = Math.ceil(start / step) * step; time <= end; time += step) ticks.push(time);
  const every = Math.ceil(ticks.length / 5);
  const words = ticks.filter((_, n) => n % every === 0).map((time) => `<text x="${place(time)}" y="${high + 14}" class="tick">${clock(time)}</text>`);
  return { place, words: words.join('') };
}

function legend(found, wide) {
  let [x, line, last] = [0, 0, 0];
  const names = [];
  for (const { name, colour } of found) {
    const width = 24 + name.length * 5.9;
    const next = x > 0 && x + width > wide ? [0, line + 1] : [x, line];
    if (next[1] === LINES || (next[1] === LINES - 1 && next[0] + width + 70 > wide && names.length + 1 < found.length)) break;
    [x, line] = next;
    names.push(`<rect x="${x}" y="${line * 14 - 8}" width="9" height="9" rx="2" fill="${colour}"/><text x="${x + 13}" y="${line * 14}" class="name">${text(name)}</text>`);
    x += width;
    last = line;
  }
  if (names.length < found.length) names.push(`<text x="${x}" y="${last * 14}" class="name">and ${found.length - names.length} more</text>`);
  return { words: names.join(''), lines: last + 1 };
}

function lines(found, panel, time, wide, high) {
  const unit = panel.fieldConfig?.defaults?.unit;
  const highest = panel.fieldConfig?.defaults?.max ?? Math.max(...found.flatMap(({ points }) => points.map(([, value]) => value)), 0);
  const top = highest > 0 ? highest : 1;
  const names = legend(found, wide);
  const body = high - 22 - names.lines * 14;
  const left = 46;
  const { place, words } = frame(time, left, wide - left, body);
  const level = (value) => body - (value / top) * (body - 6);
  const grid = [0, 0.5, 1].map((part) => `<line x1="${left}" x2="${wide}" y1="${level(part * top)}" y2="${level(part * top)}" class="grid"/>
    <text x="${left - 5}" y="${level(part * top) + 4}" class="level">${shown(part * top, unit)}</text>`);
  const drawn = found.map(({ points, colour }) => {
    const path = points.map(([at, value], n) => `${n ? 'L' : 'M'}${place(at).toFixed(1)} ${level(value).toFixed(1)}`).join('');
    const dot = points.length === 1 ? `<circle cx="${place(points[0][0])}" cy="${level(points[0][1])}" r="2" fill="${colour}"/>` : '';
    return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.6" stroke-linejoin="round"/>${dot}`;
  });
  return `${grid.join('')}${drawn.join('')}${words}<g transform="translate(0 ${body + 32})">${names.words}</g>`;
}

function states(found, time, wide, high) {
  const left = 150;
  const { place, words } = frame(time, left, wide - left, high - 18);
  const step = (high - 18) / found.length;
  const rows = found.map(({ name, points }, row) => {
    const bars = points.slice(0, -1).map(([at, value], n) => `<rect x="${place(at)}" width="${place(points[n + 1][0]) - place(at) + 0.5}"
      y="${row * step + 1}" height="${step - 3}" fill="${value > 0 ? '#15803d' : '#b91c1c'}"/>`);
    return `${bars.join('')}<text x="${left - 6}" y="${row * step + step / 2 + 3}" class="level">${text(name)}</text>`;
  });
  return `${rows.join('')}${words}`;
}

/// The dashboard as a page, from what Prometheus has of this time.
export async function dashboard(board, prometheus, time) {
  const panels = [];
  for (const panel of board.panels) {
    const { x, y, w, h } = panel.gridPos;
    const [wide, high] = [w * COLUMN - GAP - 24, h * ROW - GAP - 40];
    const found = await series(prometheus, panel, time);
    let inner = `<text x="${wide / 2}" y="${high / 2}" class="of">nothing</text>`;
    if (found.length && panel.type === 'stat') inner = stat(found, panel.fieldConfig?.defaults?.unit, wide, high);
    else if (found.length && panel.type === 'state-timeline') inner = states(found, time, wide, high);
    else if (found.length) inner = lines(found, panel, time, wide, high);
    panels.push(`<section style="left:${x * COLUMN}px;top:${y * ROW}px;width:${w * COLUMN - GAP}px;height:${h * ROW - GAP}px">
      <h2>${text(panel.title)}</h2><svg width="${wide}" height="${high}" viewBox="0 0 ${wide} ${high}">${inner}</svg></section>`);
  }
  const height = Math.max(...board.panels.map(({ gridPos: { y, h } }) => (y + h) * ROW));
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${text(board.title)}</title><style>
    body { margin: 0; padding: 16px 12px 0 20px; width: 1248px; background: #f4f5f7; color: #1f2328; font: 13px system-ui, sans-serif; }
    h1 { font-size: 17px; margin: 0 0 12px; } h1 small { font-weight: 400; color: #57606a; margin-left: 10px; }
    main { position: relative; height: ${height}px; }
    section { position: absolute; box-sizing: border-box; padding: 8px 12px; background: #fff; border: 1px solid #d8dce2; border-radius: 4px; overflow: hidden; }
    h2 { font-size: 12.5px; margin: 0 0 8px; } svg { font: 10.5px system-ui, sans-serif; overflow: visible; }
    .grid { stroke: #e6e8ec; } .tick, .of { text-anchor: middle; fill: #57606a; } .level { text-anchor: end; fill: #57606a; } .name { fill: #3b424b; }
    .stat { font-size: 40px; font-weight: 600; text-anchor: middle; } .of { font-size: 12px; }
    </style><h1>${text(board.title)}<small>panels and queries of deploy/grafana/dashboards/commune.json over Prometheus; drawn by docs/pictures, not by Grafana</small></h1>
    <main>${panels.join('')}</main></html>`;
}
