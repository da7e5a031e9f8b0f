/** The element at an index that is known to exist. */
export const elementAt = <A>(list: ReadonlyArray<A>, index: number): A => {
  const element = list[index]
  if (element === undefined) throw new RangeError(`There is no element ${index}`)
  return element
}
