// All published cases agree with `pennymeter calc`; each rounding convention that a case lists is tried alone.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { calc, difference, KINDS, readCases } from './calc.mjs'

const exceptions = JSON.parse(readFileSync(new URL('exceptions.json', import.meta.url)))

// A tax case of n conventions is n cases.
function alone (kind, c) {
  if (kind !== 'tax') return [c]
  return c.rounding.map(place => ({ ...c, id: `${c.id} by ${place}`, rounding: [place] }))
}

for (const kind of KINDS) {
  test(`the published cases of ${kind} agree`, () => {
    const cases = readCases(kind).filter(c => !exceptions[c.id])
    const tried = [...cases, ...cases.flatMap(c => alone(kind, c))]
    const { answers, status } = calc(kind, tried)
    const wrong = tried.map((c, i) => {
      const answer = answers[i]
      if (answer?.id !== c.id) return `${c.id}: answered as ${answer?.id}`
      if (answer.error) return `${c.id}: ${answer.error}`
      const why = 'expect' in c
        ? difference(c.expect, answer.expect)
        : difference(c.expect_starts, answer.expect_starts)
      return why && `${c.id}${why}`
    }).filter(x => x)
    assert.deepEqual(wrong, [])
    assert.equal(answers.length, tried.length)
    assert.equal(status, 0)
  })
}
