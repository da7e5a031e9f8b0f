/** Why a comparison could not be brought to an end; caught where the comparison began. */
export class Undecidable extends Error {
  override readonly name = "Undecidable"
}

/** There is no fuel left, so that nothing else needs to be tried. */
export class Exhausted extends Undecidable {}

const exhausted = new Exhausted("the comparison takes too many steps")

/**
 * A count of steps, some half a microsecond each, that ends a computation by throwing
 * {@link Exhausted}; independent of the clock. What a part spends, its parent spends too.
 */
export class Fuel {
  private left: number
  private readonly parent: Fuel | undefined

  constructor(units: number, parent?: Fuel) {
    this.left = units
    this.parent = parent
  }

  get isEmpty(): boolean {
    return this.left < 0
  }

  spend(units: number): void {
    this.left -= units
    if (this.left < 0) throw exhausted
    if (this.parent !== undefined) this.parent.spend(units)
  }
}
