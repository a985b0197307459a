// Random cases of every kind, hostile ones included, against an oracle of BigInt fractions and Intl's clocks.
// PENNYMETER_SEED=n chooses the run; CASES=n sets how many cases of each kind there are.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { calc, difference, KINDS } from './calc.mjs'
import { Refused } from './fraction.mjs'
import { seed } from '../lib/random.mjs'
import { random } from './random.mjs'

const count = Number(process.env.CASES ?? 20000)
console.log(`PENNYMETER_SEED=${seed} CASES=${count}`)

function judge (oracle, c) {
  try {
    return oracle.expected(c)
  } catch (e) {
    if (e instanceof Refused) return { refused: e.field }
    throw e
  }
}

function fault (want, answer) {
  if (want.refused) return answer.error?.startsWith(`field ${want.refused}:`) ? null : `: must be refused at ${want.refused}, not ${JSON.stringify(answer)}`
  if (answer.error) return `: ${answer.error}, not ${JSON.stringify(want)}`
  return difference(want, answer)
}

for (const [number, kind] of KINDS.entries()) {
  test(`${count} random cases of ${kind} agree with the oracle (PENNYMETER_SEED=${seed})`, async () => {
    const oracle = await import(`./kinds/${kind}.mjs`)
    const r = random(seed + number)
    const cases = Array.from({ length: count }, (_, id) => ({ id, ...oracle.generate(r) }))
    const { answers } = calc(kind, cases)
    assert.equal(answers.length, cases.length)
    const wrong = []
    for (const [i, c] of cases.entries()) {
      assert.equal(answers[i].id, c.id)
      const why = fault(judge(oracle, c), answers[i])
      if (why && wrong.push(`${JSON.stringify(c)} ${why}`) === 5) break
    }
    assert.deepEqual(wrong, [])
  })
}
