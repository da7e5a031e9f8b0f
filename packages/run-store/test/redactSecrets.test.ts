import { assert, describe, it } from "@effect/vitest"
import { redactSecrets, redactText, redactTexts, secretsOf } from "@sml/run-store"
import * as fc from "fast-check"

const canary = "canary-5d1e77"

/** Any JSON that has the canary in some of its texts and names. */
const poisoned = fc.jsonValue().chain((value) =>
  fc.array(fc.nat({ max: 40 }), { maxLength: 5 }).map((places) => {
    let seen = 0
    const text = JSON.stringify(value, (name, each: unknown) =>
      typeof each === "string" && places.includes(seen++) ? `${each}${canary}${name}` : each
    )
    return { [`x${canary}`]: JSON.parse(text), list: [`before ${canary}`, canary] }
  })
)

describe("redactSecrets", () => {
  it("leaves no secret anywhere, and the shape as it is", () => {
    fc.assert(
      fc.property(poisoned, (value) => {
        assert.notInclude(JSON.stringify(redactSecrets(value, [canary])), canary)
        assert.notInclude(JSON.stringify(redactTexts(value, [canary])), canary)
      })
    )
  })

  it("takes text under names of secrets and leaves numbers and names that only sound like it", () => {
    const value = {
      OPENAI_API_KEY: "a",
      teacher: { apiKey: "b", "x-api-key": "c", password: "d", tokens: ["e"] },
      accessToken: "f",
      maxTokens: 24,
      token: 7,
      monkey: "g",
      keys: "h"
    }
    assert.deepStrictEqual(redactSecrets(value, []), {
      OPENAI_API_KEY: "<redacted>",
      teacher: {
        apiKey: "<redacted>",
        "x-api-key": "<redacted>",
        password: "<redacted>",
        tokens: ["e"]
      },
      accessToken: "<redacted>",
      maxTokens: 24,
      token: 7,
      monkey: "g",
      keys: "h"
    })
  })

  it("leaves data as it is, whatever the names", () => {
    const named = fc.dictionary(
      fc.constantFrom("key", "apiKey", "token", "password"),
      fc.jsonValue()
    )
    fc.assert(
      fc.property(named, (value) => {
        const data = JSON.parse(JSON.stringify(value))
        assert.deepStrictEqual(redactTexts(data, [canary]), data)
      })
    )
  })

  it("knows keys by their shapes and URLs with passwords", () => {
    assert.strictEqual(
      redactText("sk-abcdefghijklmnop0123 Bearer abcdefgh1 https://u:p@host/v1", []),
      "<redacted> <redacted> https://<redacted>@host/v1"
    )
  })

  it("takes the values of secret variables, the longest first", () => {
    const environment = {
      A_TOKEN: "12345678",
      B_KEY: "123456789",
      PATH: "/bin:/usr/bin",
      C_KEY: "1"
    }
    assert.deepStrictEqual(secretsOf(environment), ["123456789", "12345678"])
    assert.strictEqual(redactText("is 123456789!", secretsOf(environment)), "is <redacted>!")
  })
})
