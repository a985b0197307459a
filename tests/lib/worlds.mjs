// Tenants of every plan, zone, cycle and beginning, on metrics of every aggregation and window: where random requests happen.

import { toInstant } from './exact.mjs';
import { plansWith } from './plans.mjs';

export const BEGIN = toInstant('2026-01-30T22:17:05.25Z');

const custom = [
  { name: 'seats', aggregation: 'latest' }, { name: 'peak', aggregation: 'max' }, { name: 'floor_price', aggregation: 'min', window: 'day' },
  { name: 'jobs', aggregation: 'count', window: 'month' }, { name: 'runs', aggregation: 'count' },
  { name: 'visitors', aggregation: 'unique', field: 'visitor' }, { name: 'guests', aggregation: 'unique', field: 'visitor', window: 'day' },
  { name: 'disk', aggregation: 'weighted_sum', signed: true }, { name: 'load', aggregation: 'weighted_sum', window: 'day' },
  { name: 'credit', aggregation: 'sum', signed: true, window: 'month' },
];
const per = (unit_amount) => ({ model: 'per_unit', unit_amount });
const tiers = [{ up_to: 10, unit_amount: '1' }, { up_to: 100, unit_amount: '0.5', flat_amount: '2' }, { up_to: null, unit_amount: '0.1' }];

/** Of every policy, and of every price. */
const mixed = {
  seats: { included: 12, price: per('12.5') }, peak: { policy: 'hard', included: 2000 }, floor_price: { policy: 'hard', included: 3 },
  jobs: { policy: 'hard', included: 40 }, runs: { included: 5, price: { model: 'package', package_size: 3, package_amount: '0.07' } },
  visitors: { policy: 'hard', included: 150 }, guests: { policy: 'hard', included: 4 }, disk: { included: 20, price: per('0.08') },
  load: { policy: 'unlimited' }, credit: { policy: 'hard', included: 90 },
  quotes_generated: { included: 0, price: { model: 'graduated', tiers } }, invoices_generated: { included: 5, price: { model: 'volume', tiers } },
  api_calls: { included: 900, price: { model: 'percentage', rate_percent: '12.5' } }, storage_gb: { policy: 'hard', included: 500 },
  emails_sent: { included: 0, price: { model: 'flat', amount: '4.99' } }, leads_created: { policy: 'hard', included: 3000 }, messages_sent: { policy: 'hard', included: 900 },
  pdfs_generated: { included: 2, price: { ...per('0.015'), minimum_amount: '1', maximum_amount: '2.5' } }, team_members: { policy: 'unlimited' },
};
const few = { seats: { policy: 'hard', included: 9 }, peak: { policy: 'hard', included: 9 }, runs: { policy: 'hard', included: 30 }, quotes_generated: { included: 100, price: per('0.3') } };

const plan = (code, metrics) => ({ code, name: code[0].toUpperCase() + code.slice(1), base_price: { month: '19', year: '190' }, metrics });
const changes = (metrics) => ({
  'metrics.json': (old) => ({ metrics: [...old.metrics, ...custom] }),
  'professional.json': { ...plan('mixed', metrics), next: 'enterprise' }, 'enterprise.json': plan('enterprise', {}), 'free.json': { ...plan('few', few), next: 'mixed' },
});

/** Folders of plans: the first is applied at the start; each time one of them is, the plan "mixed" changes. */
export const folders = () => [mixed, { ...mixed, jobs: { policy: 'hard', included: 41 }, seats: { policy: 'hard', included: 30 } }].map((m) => plansWith(changes(m)));

export const metrics = [...custom.map(({ name }) => name), 'quotes_generated', 'invoice_generated', 'api_calls', 'storage_gb', 'emails_sent', 'pdfs_generated', 'leads_created', 'messages_sent', 'team_members', 'no_such_metric'];
/** Of totals that grow past what can be counted. */
const limited = ['seats', 'peak', 'runs', 'jobs', 'floor_price', 'credit', 'disk', 'quotes_generated', 'visitors'];
export const plans = ['starter', 'mixed', 'few', 'enterprise', 'nosuch'];

const tenants = [
  { name: 'UTC of the 31st', plan: 'mixed', start: '2026-01-31' },
  { name: 'New York', plan: 'mixed', start: '2025-11-30', timezone: 'America/New_York', currency: 'EUR' },
  { name: 'Kathmandu', plan: 'mixed', start: '2026-02-14', timezone: 'Asia/Kathmandu', cycle: 'yearly' },
  { name: 'Kolkata', plan: 'starter', start: '2024-02-29', timezone: 'Asia/Kolkata', cycle: 'yearly', currency: 'KWD' },
  { name: 'few', plan: 'few' },
  { name: 'later', plan: 'starter', start: '2026-04-01' },
  { name: 'huge', plan: 'mixed', metrics: limited, huge: true, currency: 'KWD' },
  { name: 'huge and few', plan: 'few', metrics: limited, huge: true, timezone: 'America/New_York' },
  { name: 'of its own time', plan: 'mixed', start: '2026-01-01', clock: '2026-01-20T10:00:00Z' },
];
/** Whose clock is its own. */
export const CLOCKED = tenants.length + 1;
const options = ['name', 'plan', 'start', 'cycle', 'timezone', 'currency', 'clock'];
const flags = (values) => Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]);

/** The commands that make it. The tokens are what is printed, the same in every store: `tokensOf(outputs)`. */
export function beginning(plansFolder) {
  const added = tenants.map((tenant) => ['tenant', 'add', ...flags(Object.fromEntries(options.filter((name) => tenant[name]).map((name) => [name, tenant[name]])))]);
  const tokens = tenants.flatMap((_, i) => [
    ['token', 'add', ...flags({ tenant: i + 2, scopes: 'usage:read', user: 7 })],
    ['token', 'add', ...flags({ tenant: i + 2, scopes: 'usage:write', user: 7 })],
    ['token', 'add', ...flags({ tenant: i + 2, scopes: 'usage:read,usage:write', user: 3 })],
  ]);
  const operator = ['token', 'add', ...flags({ tenant: 1, scopes: 'operator:read,operator:write' })];
  return [['plan', 'apply', plansFolder], ...added, ...tokens, operator].map((args, i) => ({ at: BEGIN - 1_000_000n * BigInt(1000 - i), args }));
}

/** What each tenant is, with its tokens as `beginning()` made them. */
export function worldsOf(outputs) {
  const token = ({ text }) => JSON.parse(text).token;
  const worlds = tenants.map((tenant, i) => {
    const [every, read, write, both] = [outputs[1 + i], ...outputs.slice(1 + tenants.length + 3 * i, 4 + tenants.length + 3 * i)].map(token);
    return { metrics, ...tenant, tenant_id: i + 2, every, read, write, both, operator: token(outputs.at(-1)), plans, cursors: [], ids: [], instants: [BEGIN], tags: new Map(), count: 0, now: BEGIN };
  });
  worlds.forEach((world, i) => { world.neighbour = worlds[(i + 1) % worlds.length]; });
  return worlds;
}
