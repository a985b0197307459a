// Customers, products and taxes as tests talk to them: a good body of each, and one short word for each call.

import assert from 'node:assert/strict';

export const bodies = {
  taxes: { name: 'VAT', rate: '19', category: 'S', reason: null },
  products: { name: 'Box 300x200', sku: 'B32', description: '', unit: 'H87', currency: 'EUR', unit_price: '0.84', taxes: [] },
  customers: {
    name: 'Nordsee Kisten AG', code: 'N-1', email: 'einkauf@nordsee.example', phone: '+49 40 1', legal_id: 'HRB 12', currency: 'EUR', locale: 'de-DE',
    terms_days: 14, prices: 'exclusive', taxes: [], buyer_reference: '991-33333TEST-33', notes: '', tags: ['fish'], custom: { rep: 'Ada' },
    contacts: [{ name: 'Ada Bo', email: 'ada@nordsee.example', phone: '', receives: ['invoice', 'reminder'] }],
    addresses: [{ kind: 'billing', line1: 'Kai 3', line2: '', city: 'Hamburg', region: '', postcode: '20457', country: 'DE' }],
    tax_numbers: [{ scheme: 'vat', value: 'DE136695976' }],
  },
};

/** The member of which each value stands once. */
export const uniqueOf = (kind) => ['code', 'sku'].find((name) => name in bodies[kind]);

/** A body with members set by RFC 6901 pointers; null takes them out. */
export function altered(body, set) {
  const made = structuredClone(body);
  for (const [pointer, value] of Object.entries(set)) {
    const names = pointer.slice(1).split('/'), last = names.pop(), parent = names.reduce((at, name) => at[name], made);
    if (value === null) delete parent[last];
    else parent[last] = value;
  }
  return made;
}

/** The calls of one kind by one tenant. */
export function kindOf(tenant, kind) {
  const at = (id) => `/api/${kind}/${id}`;
  const json = (method, target, body, headers) => tenant.send(method, target, { body: typeof body === 'string' ? body : JSON.stringify(body), headers });
  return {
    add: (body, headers = {}) => json('POST', `/api/${kind}`, body, headers),
    get: (id, headers = {}) => tenant.get(at(id), headers),
    change: (id, match, body, headers = {}) => json('PATCH', at(id), body, { ...(match && { 'If-Match': match }), ...headers }),
    drop: (id, match) => tenant.send('DELETE', at(id), { headers: match ? { 'If-Match': match } : {} }),
    act: (verb, id, headers = {}) => tenant.send('POST', `/api/${kind}/${verb}/${id}`, { headers }),
    list: (query = '') => tenant.get(`/api/${kind}${query && `?${query}`}`),
    import: (csv, query = '', headers = {}) => tenant.send('POST', `/api/${kind}/import${query && `?${query}`}`, { body: csv, headers: { 'Content-Type': 'text/csv', ...headers } }),
    export: (query = 'sort=id') => tenant.get(`/api/${kind}/export?${query}`),
    /** Add one that must be taken: what was answered. */
    async made(body = bodies[kind]) {
      const reply = await json('POST', `/api/${kind}`, body);
      assert.equal(reply.status, 201, reply.text);
      return reply.json;
    },
    /** Every page of a list, joined; `each` is called between pages. */
    async all(query = '', each = () => {}) {
      const found = [];
      for (let next = ''; next !== null;) {
        const reply = await tenant.get(`/api/${kind}?${query}${next && `&after=${next}`}`);
        assert.equal(reply.status, 200, reply.text);
        found.push(...reply.json[kind]);
        next = reply.json.next;
        await each(found.length);
      }
      return found;
    },
  };
}
