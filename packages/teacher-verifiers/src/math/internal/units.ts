/** Units of measurement: what they measure and how many of the basic unit they are. */
import type { Fraction } from "./Fraction.ts"
import { divide, fraction, multiply, one, raise } from "./Fraction.ts"

/** A unit as powers of base dimensions, and the exact factor to the base units. */
export interface Unit {
  readonly dimensions: ReadonlyMap<string, number>
  readonly factor: Fraction
}

const table = new Map<string, { readonly dimension: string; readonly factor: Fraction }>()

const put = (dimension: string, n: bigint, d: bigint, names: string) => {
  for (const name of names.split(" ")) table.set(name, { dimension, factor: fraction(n, d) })
}

put("length", 1n, 1n, "m meter meters metre metres")
put("length", 1n, 1000n, "mm millimeter millimeters millimetre millimetres")
put("length", 1n, 100n, "cm centimeter centimeters centimetre centimetres")
put("length", 1n, 10n, "dm decimeter decimeters")
put("length", 1000n, 1n, "km kilometer kilometers kilometre kilometres")
put("length", 254n, 10000n, "inch inches")
put("length", 3048n, 10000n, "ft foot feet")
put("length", 9144n, 10000n, "yd yard yards")
put("length", 1609344n, 1000n, "mi mile miles")
put("time", 1n, 1n, "s sec secs second seconds")
put("time", 1n, 1000n, "ms millisecond milliseconds")
put("time", 60n, 1n, "min mins minute minutes")
put("time", 3600n, 1n, "h hr hrs hour hours")
put("time", 86400n, 1n, "day days")
put("time", 604800n, 1n, "week weeks")
put("month", 1n, 1n, "month months")
put("month", 12n, 1n, "year years yr yrs")
put("mass", 1n, 1n, "g gram grams")
put("mass", 1n, 1000n, "mg milligram milligrams")
put("mass", 1000n, 1n, "kg kilogram kilograms")
put("mass", 1_000_000n, 1n, "ton tons tonne tonnes")
put("mass", 45359237n, 100000n, "lb lbs pound-mass")
put("mass", 45359237n, 1600000n, "oz ounce ounces")
put("volume", 1n, 1n, "L l liter liters litre litres")
put("volume", 1n, 1000n, "mL ml milliliter milliliters")
put("dollar", 1n, 1n, "$ dollar dollars usd USD")
put("dollar", 1n, 100n, "cent cents ¢")
put("euro", 1n, 1n, "€ euro euros EUR")
put("pound", 1n, 1n, "£ GBP pounds-sterling")
put("yen", 1n, 1n, "¥ yen JPY")
put("angle", 1n, 1n, "degree degrees deg °")
put("temperature-celsius", 1n, 1n, "°C celsius")
put("temperature-fahrenheit", 1n, 1n, "°F fahrenheit")
put("radian", 1n, 1n, "rad radian radians")
put("force", 1n, 1n, "N newton newtons")
put("energy", 1n, 1n, "J joule joules")
put("energy", 1000n, 1n, "kJ kilojoule kilojoules")
put("power", 1n, 1n, "W watt watts")
put("power", 1000n, 1n, "kW kilowatt kilowatts")
put("frequency", 1n, 1n, "Hz hertz")
put("area-of-land", 1n, 1n, "acre acres")
put("speed-in-miles", 1n, 1n, "mph")
put("speed-in-kilometres", 1n, 1n, "kmh kph")

export const isUnitWord = (word: string): boolean => table.has(word)

/**
 * Reads `cm^2`, `m / s`, `meters per second`, `square feet`; undefined when a part is no unit of the
 * table, so that nothing is known of it.
 */
export const parseUnit = (text: string): Unit | undefined => {
  const dimensions = new Map<string, number>()
  let factor = one
  let sign = 1
  let power = 1
  let count = 0
  for (const part of text.replaceAll("/", " / ").replaceAll("*", " ").split(/\s+/)) {
    if (part === "") continue
    if (part === "/" || part === "per") {
      sign = -1
      continue
    }
    if (part === "square" || part === "sq" || part === "sq.") {
      power = 2
      continue
    }
    if (part === "cubic" || part === "cu") {
      power = 3
      continue
    }
    if (part === "squared" || part === "cubed") continue
    const [name = "", raised] = part.split("^")
    const unit = table.get(name) ?? table.get(name.toLowerCase())
    if (unit === undefined) return undefined
    const exponent = sign * (raised === undefined ? power : Number(raised))
    if (!Number.isInteger(exponent) || Math.abs(exponent) > 9) return undefined
    const scale = raise(unit.factor, BigInt(Math.abs(exponent)))
    factor = exponent >= 0 ? multiply(factor, scale) : divide(factor, scale)
    const total = (dimensions.get(unit.dimension) ?? 0) + exponent
    if (total === 0) dimensions.delete(unit.dimension)
    else dimensions.set(unit.dimension, total)
    power = 1
    count++
  }
  return count === 0 ? undefined : { dimensions, factor }
}

export const haveSameDimensions = (a: Unit, b: Unit): boolean =>
  a.dimensions.size === b.dimensions.size &&
  [...a.dimensions].every(([dimension, power]) => b.dimensions.get(dimension) === power)
