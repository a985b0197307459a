/* Builds and updates elements; text is only ever set as text, so no name from the API can become markup. */

const svgNamespace = 'http://www.w3.org/2000/svg';

/* Paths on a 16 by 16 grid, drawn with strokes. */
const icons = {
  ok: 'M2 8a6 6 0 1 0 12 0a6 6 0 1 0 -12 0M5.3 8.2l1.9 1.9l3.5-4',
  warning: 'M8 2.2L14.6 13.6H1.4ZM8 6.4v3.4M8 11.7v.1',
  critical: 'M5.4 1.8h5.2l3.6 3.6v5.2l-3.6 3.6H5.4l-3.6-3.6V5.4ZM8 4.8v3.8M8 11v.1',
  over: 'M2 8a6 6 0 1 0 12 0a6 6 0 1 0 -12 0M8 11V5M5.6 7.2L8 4.8l2.4 2.4',
  unlimited: 'M8 8C6.6 6 5.6 5.2 4.4 5.2a2.8 2.8 0 0 0 0 5.6C5.6 10.8 6.6 10 8 8s2.4-2.8 3.6-2.8a2.8 2.8 0 0 1 0 5.6C10.4 10.8 9.4 10 8 8Z',
  none: 'M2 8a6 6 0 1 0 12 0a6 6 0 1 0 -12 0M3.8 3.8l8.4 8.4',
  leads_created: 'M5 5.2a3 3 0 1 0 6 0a3 3 0 1 0 -6 0M2.4 14c.4-3.2 2.6-4.6 5.6-4.6s5.2 1.4 5.6 4.6',
  messages_sent: 'M2 3h12v8.4H8L4.6 14v-2.6H2Z',
  api_calls: 'M5.4 4L1.6 8l3.8 4M10.6 4l3.8 4l-3.8 4M9 2.6L7 13.4',
  quotes_generated: 'M3.4 1.8h6.2l3 3v9.4H3.4ZM5.8 7.4h4.4M5.8 10.4h4.4',
  invoices_generated: 'M3 1.8h10v12.6l-2-1.4l-1.6 1.4L8 13l-1.6 1.4L5 13l-2 1.4ZM5.6 5.4h4.8M5.6 8.6h4.8',
  storage_gb: 'M2.4 4c0-1.2 2.4-2 5.6-2s5.6.8 5.6 2s-2.4 2-5.6 2s-5.6-.8-5.6-2ZM2.4 4v8c0 1.2 2.4 2 5.6 2s5.6-.8 5.6-2V4M2.4 8c0 1.2 2.4 2 5.6 2s5.6-.8 5.6-2',
  emails_sent: 'M1.8 3.4h12.4v9.2H1.8ZM1.8 4l6.2 5l6.2-5',
  pdfs_generated: 'M3.4 1.8h6.2l3 3v9.4H3.4ZM9.4 1.8v3.4h3.2',
  team_members: 'M3.4 5.4a2.4 2.4 0 1 0 4.8 0a2.4 2.4 0 1 0 -4.8 0M1 13.6c.2-2.6 2-4 4.8-4s4.6 1.4 4.8 4M10.6 3.2a2.3 2.3 0 0 1 0 4.4M12 9.8c1.8.5 2.8 1.8 3 3.8',
  webhooks_delivered: 'M9 1.6L3.4 9.2H8L7 14.4l5.6-7.6H8Z',
  metric: 'M2.4 13.6V8.8M6.2 13.6V4.8M10 13.6V7M13.6 13.6V2.4',
  pause: 'M5.4 3v10M10.6 3v10',
  play: 'M4.6 2.8l8 5.2l-8 5.2Z',
  close: 'M3.6 3.6l8.8 8.8M12.4 3.6l-8.8 8.8',
  download: 'M8 2v8M4.8 7L8 10.2L11.2 7M2.4 13.6h11.2',
  sun: 'M5.2 8a2.8 2.8 0 1 0 5.6 0a2.8 2.8 0 1 0 -5.6 0M8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8L13 13M13 3l-1.2 1.2M4.2 11.8L3 13',
  moon: 'M13.4 9.8A6 6 0 0 1 6.2 2.6a6 6 0 1 0 7.2 7.2Z',
  auto: 'M2 8a6 6 0 1 0 12 0a6 6 0 1 0 -12 0M8 2v12M8 4.6l4 1.6M8 8h6M8 11.4l4-1.6',
};

/**
 * Make an element: h('p', { class: 'muted' }, 'text', child). Properties that the element knows are set as
 * properties, `dataset` and `on…` likewise, all others as attributes; null and undefined are left out.
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name === 'dataset') Object.assign(element.dataset, value);
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name !== 'list' && name in element) element[name] = value;
    else element.setAttribute(name === 'class' ? 'class' : name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** An icon that assistive technology skips: a word always stands beside it. */
export function icon(name) {
  const svg = document.createElementNS(svgNamespace, 'svg');
  const path = document.createElementNS(svgNamespace, 'path');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', Object.hasOwn(icons, name) ? icons[name] : icons.metric);
  svg.append(path);
  return svg;
}

/** A small line of values, without axes, for the eye only. */
export function sparkline(values, width = 120, height = 28) {
  const svg = document.createElementNS(svgNamespace, 'svg');
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('class', 'spark');
  svg.setAttribute('aria-hidden', 'true');
  const low = Math.min(0, ...values);
  const span = Math.max(...values) - low || 1;
  const points = values.map((value, index) => {
    const x = (index / Math.max(1, values.length - 1)) * width;
    return `${x.toFixed(1)},${(height - 2 - ((value - low) / span) * (height - 4)).toFixed(1)}`;
  });
  const area = document.createElementNS(svgNamespace, 'polygon');
  area.setAttribute('points', `0,${height} ${points.join(' ')} ${width},${height}`);
  const line = document.createElementNS(svgNamespace, 'polyline');
  line.setAttribute('points', points.join(' '));
  svg.append(area, line);
  return svg;
}

/** Change an element's text only if it differs, so that selections and live regions are left alone. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Bring the children of `parent` to `wanted`, moving only what is out of place (focus stays). */
export function setChildren(parent, wanted) {
  wanted.forEach((node, index) => {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
  while (parent.children.length > wanted.length) parent.lastElementChild.remove();
}

/** Storage that may be refused by the browser: reads give null, writes are lost. */
export const store = {
  read(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  write(key, value) {
    try {
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
    } catch { /* a preference that cannot be kept is no error */ }
  },
};
