/* The last 30 days as lines: all metrics in % of their limit, or each in its quantities, with a table of the same values. */

import { h, setText, store } from './dom.mjs';
import { accent, quantity } from './events.mjs';
import { hasLimit, inOrder } from './cards.mjs';
import { calendarDate, calendarDay, compact, label, number, ratio, t } from './locale.mjs';

const dashes = { blue: [], green: [8, 4], yellow: [], violet: [3, 3], rose: [10, 3, 2, 3], teal: [6, 2], orange: [2, 4], slate: [12, 4] };
const shapes = { blue: 'circle', green: 'rect', yellow: 'triangle', violet: 'rectRot', rose: 'star', teal: 'crossRot', orange: 'rectRounded', slate: 'cross' };
const thresholds = [75, 90, 100];
const dayLength = 86_400_000;

let loading = null;

/** Chart.js comes after the first figures, so that they never wait for it. */
function loadLibrary() {
  loading ??= new Promise((resolve) => {
    if ('requestIdleCallback' in globalThis) requestIdleCallback(resolve, { timeout: 500 });
    else resolve();
  }).then(() => import('./chart.mjs')).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

/** An even day's share of the limit: what of it may be used each day to last until it resets. */
function dayShare(card) {
  if (!card || !hasLimit(card) || card.window_end === null) return null;
  const levelled = ['max', 'min', 'latest', 'unique'].includes(card.aggregation);
  const days = levelled || card.window === 'day' ? 1 : Math.round((Date.parse(card.window_end) - Date.parse(card.window_start)) / dayLength);
  return Number(card.included) / Math.max(1, days);
}

/** The series as they are drawn: exact texts for the table, numbers for the lines. */
function prepare(stats) {
  const cards = new Map(stats.cards.map((card) => [card.metric_name, card]));
  const order = inOrder(stats.cards).map((card) => card.metric_name);
  const place = (metric) => (order.includes(metric.metric_name) ? order.indexOf(metric.metric_name) : order.length);
  return [...stats.series.metrics].sort((a, b) => place(a) - place(b)).map((metric) => {
    const share = dayShare(cards.get(metric.metric_name));
    const plain = metric.values.map((value) => (value === null ? null : Number(value))); // null: a gap
    return { ...metric, texts: metric.values, plain, share: share === null ? null : plain.map((value) => (value === null ? null : value / share)) };
  });
}

/** The exact sum of decimal texts of up to six places, as a text; null where one is not known. */
function sum(texts) {
  if (texts.includes(null)) return null;
  const millionths = texts.reduce((total, text) => {
    const [whole, part = ''] = text.replace('-', '').split('.');
    const value = BigInt(whole + part.padEnd(6, '0'));
    return text.startsWith('-') ? total - value : total + value;
  }, 0n);
  return `${millionths}e-6`;
}

/** What a canvas shows, in a sentence per metric. */
function describe(metric, dates, format, values) {
  const peak = Math.max(...values);
  const metricLabel = label(metric.label);
  if (!values.some((value) => value !== 0)) return t('chart.partNone', { metric: metricLabel });
  return t('chart.part', { metric: metricLabel, total: quantity(sum(metric.texts), metric), date: calendarDay(dates[values.indexOf(peak)]), peak: format(peak) });
}

/* The colours of a line and of the frame, as the stylesheet has them for the scheme in force. */
const colourOf = (element) => getComputedStyle(element).color;

const thresholdLines = {
  id: 'thresholds',
  beforeDatasetsDraw({ ctx, chartArea, scales, options }) {
    if (!options.thresholdColours) return;
    ctx.save();
    ctx.setLineDash([2, 3]);
    ctx.lineWidth = 1;
    thresholds.forEach((value, index) => {
      const y = scales.y.getPixelForValue(value / 100);
      ctx.strokeStyle = options.thresholdColours[index];
      ctx.beginPath();
      ctx.moveTo(chartArea.left, y);
      ctx.lineTo(chartArea.right, y);
      ctx.stroke();
    });
    ctx.restore();
  },
};

export function usageChart(root) {
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const legend = part('legend');
  const plots = part('plots');
  const note = part('note');
  const help = part('help');
  const table = part('table');
  const probes = part('probes');
  let mode = store.read('pm.chart') === 'absolute' ? 'absolute' : 'share';
  let series = [];
  let dates = [];
  let charts = [];
  let shape = '';
  let hidden = null;

  const hiddenAtFirst = () => new Set(series.map((metric) => metric.metric_name)
    .filter((name, index) => index >= 3 && series.length > 4));

  function colours() {
    const probe = (name) => colourOf(probes.querySelector(`[data-probe="${name}"]`));
    return { text: probe('text'), line: probe('line'), surface: probe('surface'), thresholds: ['warning', 'critical', 'over'].map(probe) };
  }

  function dataset(metric, values) {
    const name = accent(metric.metric_name);
    const colour = colourOf(legend.querySelector(`[data-name="${CSS.escape(metric.metric_name)}"] .swatch`));
    return {
      label: label(metric.label), metric, data: values, hidden: mode === 'share' && hidden.has(metric.metric_name),
      borderColor: colour, backgroundColor: colour, borderWidth: 2, borderDash: mode === 'share' ? dashes[name] : [], pointStyle: shapes[name],
      pointRadius: 0, pointHoverRadius: 5, pointHitRadius: 12, cubicInterpolationMode: 'monotone',
    };
  }

  function options(single) {
    const c = colours();
    const value = (context) => (mode === 'share'
      ? `${label(context.dataset.metric.label)}: ${quantity(context.dataset.metric.texts[context.dataIndex], context.dataset.metric)} (${ratio(context.parsed.y)})`
      : quantity(context.dataset.metric.texts[context.dataIndex], context.dataset.metric));
    return {
      animation: false, responsive: true, maintainAspectRatio: false, normalized: true,
      interaction: { mode: 'index', intersect: false },
      thresholdColours: mode === 'share' ? c.thresholds : null,
      scales: {
        x: {
          grid: { display: false }, border: { color: c.line },
          ticks: { color: c.text, maxRotation: 0, autoSkipPadding: 24, callback: (index) => calendarDay(dates[index]) },
        },
        y: {
          beginAtZero: true, suggestedMax: single ? undefined : 1.1,
          grid: { color: c.line }, border: { display: false },
          ticks: { color: c.text, maxTicksLimit: single ? 4 : 8, callback: (tick) => (mode === 'share' ? ratio(tick) : compact(tick)) },
        },
      },
      plugins: {
        legend: { display: false },
        tooltip: {
          backgroundColor: c.surface, titleColor: c.text, bodyColor: c.text, borderColor: c.line, borderWidth: 1, padding: 10,
          usePointStyle: true, boxPadding: 6,
          callbacks: { title: (items) => (items.length ? calendarDate(dates[items[0].dataIndex]) : ''), label: value },
        },
      },
    };
  }

  const drawn = () => (mode === 'share' ? series.filter((metric) => metric.share !== null) : series);

  function nameCanvases() {
    const end = dates.length ? calendarDate(dates.at(-1)) : '';
    const values = { days: number(dates.length), end };
    if (mode === 'share') {
      const parts = drawn().filter((metric) => !hidden.has(metric.metric_name)).map((metric) => describe(metric, dates, ratio, metric.share));
      plots.querySelector('canvas')?.setAttribute('aria-label', t('chart.name', { ...values, parts: parts.join(' ') }));
    } else {
      plots.querySelectorAll('canvas').forEach((canvas, index) => {
        const metric = series[index];
        const text = describe(metric, dates, (peak) => quantity(peak, metric), metric.plain);
        canvas.setAttribute('aria-label', t('chart.nameOne', { ...values, metric: label(metric.label), parts: text }));
      });
    }
  }

  const canvas = () => {
    const element = h('canvas');
    element.setAttribute('role', 'img');
    return element;
  };

  async function build() {
    const { Chart } = await loadLibrary();
    charts.forEach((chart) => chart.destroy());
    const font = getComputedStyle(document.body).fontFamily;
    Chart.defaults.font.family = font;
    Chart.defaults.locale = document.documentElement.lang;
    const groups = mode === 'share' ? [drawn()] : drawn().map((metric) => [metric]);
    const boxes = groups.map((group) => {
      const element = canvas();
      const heading = mode === 'share' ? null : h('h3', {}, h('bdi', {}, label(group[0].label)));
      return { element, group, box: h('div', { class: mode === 'share' ? 'plot' : 'plot small' }, heading, h('div', { class: 'plotbox' }, element)) };
    });
    plots.replaceChildren(...boxes.map(({ box }) => box));
    nameCanvases();
    charts = boxes.map(({ element, group }) => new Chart(element, {
      type: 'line',
      data: { labels: dates, datasets: group.map((metric) => dataset(metric, mode === 'share' ? metric.share : metric.plain)) },
      options: options(mode === 'absolute'),
      plugins: [thresholdLines],
    }));
  }

  async function draw() {
    const wanted = JSON.stringify([mode, dates.length, drawn().map((metric) => metric.metric_name)]);
    const empty = !series.some((metric) => metric.plain.some((value) => value !== 0));
    note.hidden = true;
    plots.hidden = empty || drawn().length === 0;
    if (plots.hidden) {
      note.hidden = false;
      setText(note, t(empty ? 'chart.empty' : 'chart.noLimits'));
      return;
    }
    try {
      if (shape !== wanted) {
        shape = wanted;
        await build();
        return;
      }
      charts.flatMap((chart) => chart.data.datasets.map((set) => ({ chart, set }))).forEach(({ chart, set }) => {
        const metric = series.find((one) => one.metric_name === set.metric.metric_name);
        chart.data.labels = dates;
        Object.assign(set, { metric, data: mode === 'share' ? metric.share : metric.plain });
      });
      charts.forEach((chart) => chart.update('none'));
      nameCanvases();
    } catch {
      shape = '';
      plots.hidden = true;
      note.hidden = false;
      note.replaceChildren(t('chart.failed'), ' ', h('button', { type: 'button', onclick: retry }, t('retry')));
    }
  }

  async function retry() {
    await draw();
    if (note.hidden) root.querySelector('input[name="mode"]:checked').focus(); // the button is gone
  }

  function fillLegend() {
    legend.replaceChildren(...series.map((metric) => h('button', {
      type: 'button', class: 'key', dataset: { name: metric.metric_name, accent: accent(metric.metric_name) },
      'aria-pressed': String(!hidden.has(metric.metric_name)), disabled: metric.share === null,
      onclick: (event) => {
        const off = !hidden.has(metric.metric_name);
        if (off) hidden.add(metric.metric_name);
        else hidden.delete(metric.metric_name);
        event.currentTarget.setAttribute('aria-pressed', String(!off));
        charts.forEach((chart) => {
          chart.data.datasets.forEach((set) => { set.hidden = hidden.has(set.metric.metric_name); });
          chart.update('none');
        });
        nameCanvases();
      },
    }, h('span', { class: 'swatch' }), h('bdi', {}, label(metric.label)))));
  }

  function fillTable() {
    const head = h('tr', {}, h('th', { scope: 'col' }, t('chart.date')),
      series.map((metric) => h('th', { scope: 'col', class: 'figure' }, h('bdi', {}, label(metric.label)))));
    const cell = (metric, index) => h('td', { class: 'figure' },
      h('data', { value: metric.texts[index] }, number(metric.texts[index])),
      mode === 'share' && metric.share !== null ? h('small', {}, ratio(metric.share[index])) : null);
    table.tHead.replaceChildren(head);
    table.tBodies[0].replaceChildren(...dates.map((date, index) => h('tr', {},
      h('th', { scope: 'row' }, h('time', { dateTime: date }, calendarDate(date))),
      series.map((metric) => cell(metric, index)))));
  }

  function setMode(next) {
    mode = next;
    store.write('pm.chart', mode);
    showMode();
    fillTable();
    draw();
  }

  function showMode() {
    for (const choice of root.querySelectorAll('input[name="mode"]')) choice.checked = choice.value === mode;
    legend.hidden = mode === 'absolute';
    setText(help, t(mode === 'share' ? 'chart.shareHelp' : 'chart.absoluteHelp'));
  }

  root.addEventListener('change', (event) => {
    if (event.target.name === 'mode') setMode(event.target.value);
  });
  const recolour = () => {
    shape = '';
    if (series.length) draw();
  };
  document.addEventListener('pm:theme', recolour);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', recolour);
  showMode();

  return (stats) => {
    const names = series.map((metric) => metric.metric_name).join();
    dates = stats.series.dates;
    series = prepare(stats);
    hidden ??= hiddenAtFirst();
    if (names !== series.map((metric) => metric.metric_name).join()) fillLegend();
    fillTable();
    return draw();
  };
}
