/** Why a comparison could not be brought to an end; caught where the comparison began. */
export class Undecidable extends Error {
  override readonly name = "Undecidable"
}

/** A count of steps that ends a computation by throwing {@link Undecidable}; independent of the clock. */
export class Fuel {
  left: number
  constructor(units: number) {
    this.left = units
  }
  spend(units: number): void {
    this.left -= units
    if (this.left < 0) throw new Undecidable("the comparison takes too many steps")
  }
}
