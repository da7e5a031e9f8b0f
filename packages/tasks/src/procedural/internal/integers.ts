/** Divisibility of integers below 2^53; products go through bigint. */

export const greatestCommonDivisor = (left: number, right: number): number => {
  let [a, b] = [Math.abs(left), Math.abs(right)]
  while (b !== 0) [a, b] = [b, a % b]
  return a
}

/** The smallest divisor above 1 of an integer above 1. */
export const smallestFactor = (value: number): number => {
  if (value % 2 === 0) return 2
  for (let factor = 3; factor * factor <= value; factor += 2) {
    if (value % factor === 0) return factor
  }
  return value
}

export const isPrime = (value: number): boolean =>
  Number.isSafeInteger(value) && value > 1 && smallestFactor(value) === value

/** `x` and `y` with `a x + b y = gcd(a, b)`. */
export const bezout = (a: number, b: number): readonly [x: bigint, y: bigint] => {
  let [r, s] = [BigInt(a), BigInt(b)]
  let [x, nextX, y, nextY] = [1n, 0n, 0n, 1n]
  while (s !== 0n) {
    const quotient = r / s
    ;[r, s] = [s, r - quotient * s]
    ;[x, nextX] = [nextX, x - quotient * nextX]
    ;[y, nextY] = [nextY, y - quotient * nextY]
  }
  return [x, y]
}

/** The representative in `0..modulus-1`. */
export const modulo = (value: bigint, modulus: bigint): bigint =>
  ((value % modulus) + modulus) % modulus

export const power = (base: number, exponent: number, modulus: number): number => {
  const m = BigInt(modulus)
  let [result, square] = [1n % m, BigInt(base) % m]
  for (let rest = BigInt(exponent); rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % m
    square = (square * square) % m
  }
  return Number(result)
}
