/** A whole number in the other notations and languages in which it may be asked for. */

const french = (n: number): string => {
  const ones =
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf".split(
      " "
    )
  const tens = ["", "dix", "vingt", "trente", "quarante", "cinquante", "soixante"]
  const below = (m: number): string => {
    if (m < 20) return ones[m] ?? ""
    if (m < 70) {
      const ten = tens[Math.floor(m / 10)] ?? ""
      return m % 10 === 0 ? ten : `${ten}${m % 10 === 1 ? " et " : "-"}${ones[m % 10]}`
    }
    if (m < 80) return `soixante${m === 71 ? " et " : "-"}${below(m - 60)}`
    return m === 80 ? "quatre-vingts" : `quatre-vingt-${below(m - 80)}`
  }
  return spellGroups(n, below, (h) => (h === 1 ? "cent" : `${ones[h]} cent`), "mille", " ")
}

const spanish = (n: number): string => {
  const ones =
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve".split(
      " "
    )
  const tens = [
    "",
    "",
    "",
    "treinta",
    "cuarenta",
    "cincuenta",
    "sesenta",
    "setenta",
    "ochenta",
    "noventa"
  ]
  const hundreds = [
    "",
    "ciento",
    "doscientos",
    "trescientos",
    "cuatrocientos",
    "quinientos",
    "seiscientos",
    "setecientos",
    "ochocientos",
    "novecientos"
  ]
  const below = (m: number): string =>
    m < 30
      ? (ones[m] ?? "")
      : `${tens[Math.floor(m / 10)]}${m % 10 === 0 ? "" : ` y ${ones[m % 10]}`}`
  return n === 100 ? "cien" : spellGroups(n, below, (h) => hundreds[h] ?? "", "mil", " ")
}

const german = (n: number): string => {
  const ones =
    "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn".split(
      " "
    )
  const tens = [
    "",
    "",
    "zwanzig",
    "dreißig",
    "vierzig",
    "fünfzig",
    "sechzig",
    "siebzig",
    "achtzig",
    "neunzig"
  ]
  const below = (m: number): string =>
    m < 20
      ? (ones[m] ?? "")
      : `${m % 10 === 0 ? "" : `${ones[m % 10]}und`}${tens[Math.floor(m / 10)]}`
  return spellGroups(n, below, (h) => `${ones[h]}hundert`, "tausend", "")
}

/** Hundreds and thousands of a language that puts them together in the same order as English. */
const spellGroups = (
  n: number,
  below: (m: number) => string,
  hundreds: (h: number) => string,
  thousand: string,
  join: string
): string => {
  const group = (m: number): string => {
    const parts = m >= 100 ? [hundreds(Math.floor(m / 100))] : []
    if (m % 100 > 0) parts.push(below(m % 100))
    return parts.join(join)
  }
  if (n === 0) return below(0)
  const above = Math.floor(n / 1000)
  const parts = above === 0 ? [] : above === 1 ? [thousand] : [group(above), thousand]
  if (n % 1000 > 0) parts.push(group(n % 1000))
  return parts.join(join)
}

const chinese = (n: number): string => {
  const digits = Array.from("零一二三四五六七八九")
  const group = (m: number): string => {
    let out = ""
    let gap = false
    for (const [unit, name] of [
      [1000, "千"],
      [100, "百"],
      [10, "十"],
      [1, ""]
    ] as const) {
      const digit = Math.floor(m / unit) % 10
      if (digit === 0) {
        gap = out !== ""
        continue
      }
      out += `${gap ? "零" : ""}${digits[digit]}${name}`
      gap = false
    }
    return out
  }
  if (n === 0) return digits[0] ?? ""
  const above = Math.floor(n / 10_000)
  const below = n % 10_000
  const joined = `${above > 0 ? `${group(above)}万` : ""}${above > 0 && below > 0 && below < 1000 ? "零" : ""}${group(below)}`
  return joined.replace(/^一十/, "十")
}

const romanUnits: ReadonlyArray<readonly [number, string]> = [
  [1000, "M"],
  [900, "CM"],
  [500, "D"],
  [400, "CD"],
  [100, "C"],
  [90, "XC"],
  [50, "L"],
  [40, "XL"],
  [10, "X"],
  [9, "IX"],
  [5, "V"],
  [4, "IV"],
  [1, "I"]
]
const roman = (n: number): string => {
  let rest = n
  let out = ""
  for (const [value, sign] of romanUnits) {
    while (rest >= value) {
      out += sign
      rest -= value
    }
  }
  return out
}

/** Letters without accents, spaces or hyphens, in lower case. */
export const bareLetters = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll("ß", "ss")
    .normalize("NFD")
    .replaceAll(/[^\p{L}\d]/gu, "")

/**
 * How a whole number from 0 to 999,999 reads in French, Spanish, German (without accents and spaces:
 * see {@link bareLetters}) and Chinese. Short words that mean something else in English are left out.
 */
export const foreignWords = (value: number): ReadonlyArray<string> =>
  Number.isInteger(value) && value >= 0 && value < 1e6
    ? [french(value), spanish(value), german(value)]
        .map(bareLetters)
        .filter((word) => word.length >= 6)
        .concat(value > 10 ? chinese(value) : [])
    : []

/**
 * A whole number in other notations: binary, octal and hexadecimal, and in Roman signs. `marked` holds
 * those that need a mark or a cue to be told from other words and numbers.
 */
export const otherNotations = (
  value: number
): { readonly plain: ReadonlyArray<string>; readonly marked: ReadonlyArray<string> } => {
  if (!Number.isInteger(value) || value < 2 || value > 1e9) return { plain: [], marked: [] }
  const binary = value.toString(2)
  const romanSigns = value < 4000 ? roman(value) : ""
  return {
    plain: [
      ...[2, 8, 16].map(
        (base) => `0${base === 2 ? "b" : base === 8 ? "o" : "x"}${value.toString(base)}`
      ),
      ...(binary.length >= 4 ? [binary] : []),
      ...(romanSigns.length >= 2 ? [romanSigns] : [])
    ],
    marked: [
      binary,
      value.toString(8),
      value.toString(16),
      ...(romanSigns === "" ? [] : [romanSigns.toLowerCase()])
    ]
  }
}
