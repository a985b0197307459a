// Random cases that can be had again: PENNYMETER_SEED chooses the run, PENNYMETER_SCALE how many cases.

export const seed = Number(process.env.PENNYMETER_SEED ?? 20260131);
const scale = Number(process.env.PENNYMETER_SCALE ?? 1);
if (!Number.isInteger(seed)) throw new Error(`PENNYMETER_SEED is "${process.env.PENNYMETER_SEED}": want a whole number`);
process.on('exit', (code) => { if (code) console.error(`PENNYMETER_SEED=${seed} PENNYMETER_SCALE=${scale}`); });

/** How many cases to try: `most`, scaled, at least ten. */
export const cases = (most) => Math.max(10, Math.round(most * scale));

/** mulberry32: numbers from 0 to below 1, the same for the same start. */
export function mulberry32(start) {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A generator, with what tests draw from it. */
export function randomness(salt = 0) {
  const next = mulberry32(seed + salt);
  const below = (n) => Math.floor(next() * n);
  return {
    below,
    chance: (p) => next() < p,
    pick: (list) => list[below(list.length)],
    /** A BigInt from 0 to n - 1. */
    big: (n) => (BigInt(below(2 ** 30)) * 2n ** 30n + BigInt(below(2 ** 30))) % n,
    shuffle(list) {
      for (let i = list.length - 1; i > 0; i--) {
        const k = below(i + 1);
        [list[i], list[k]] = [list[k], list[i]];
      }
      return list;
    },
  };
}
