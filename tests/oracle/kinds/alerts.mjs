// The oracle of alerts: every threshold up to the highest use is listed, then filtered.
import { demand, Q, ZERO } from '../fraction.mjs'

export function generate (r) {
  const number = () => r.decimal({ whole: 3, part: 3, negative: r.chance(0.2) })
  const thresholds = r.some(0, 4, () => r.decimal({ whole: 3, part: 3 }))
  const points = [...thresholds, number(), number(), '0']
  return {
    mode: 'reached', thresholds,
    ...(r.chance(0.4) && { recurring_step: r.pick(['35', '100', '7.5', '250.125', r.chance(0.1) ? '0' : '11', r.chance(0.1) ? '-1' : '40']) }),
    steps: r.some(0, 4, () => [r.pick(points), r.pick(points)])
  }
}

export function expected ({ thresholds, recurring_step, steps }) {
  const listed = thresholds.map(Q.of).sort((a, b) => a.compare(b))
  const step = recurring_step === undefined ? null : Q.of(recurring_step)
  demand(!step || step.sign > 0, 'recurring_step')
  const fired = steps.map(([before, after]) => {
    const [low, high] = [Q.of(before), Q.of(after)]
    const all = [...listed]
    for (let t = (listed.at(-1) ?? ZERO); step && t.compare(high) <= 0;) { t = t.plus(step); all.push(t) }
    const hit = all.filter(t => t.compare(low) > 0 && t.compare(high) <= 0)
    return hit.filter((t, i) => i === 0 || t.compare(hit[i - 1]) !== 0).map(String)
  })
  return { expect: { fired } }
}
