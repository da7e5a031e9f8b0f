/**
 * Effect's `SqlClient` over Node's own `node:sqlite`. It is here because no release of
 * `@effect/sql-sqlite-node` loads on this version of Effect, and those that do elsewhere bring
 * `better-sqlite3`, which has to be compiled.
 */
import { DatabaseSync } from "node:sqlite"
import type { SQLInputValue, StatementSync } from "node:sqlite"

import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as Semaphore from "effect/Semaphore"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlConnection from "effect/sql/SqlConnection"
import * as SqlError from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import * as Stream from "effect/Stream"

/** A database file. */
export interface SqliteOptions {
  /** Its path, made when it is not there; `:memory:` for none. */
  readonly filename: string
  /** Milliseconds to wait for another process that writes, before it counts as locked; default 5000. */
  readonly lockTimeout?: number
  /** Refuses to write; the file has to be there. Default: false. */
  readonly readOnly?: boolean
}

const toSqlError = (operation: string) => (cause: unknown) =>
  new SqlError.SqlError({
    reason: SqlError.classifySqliteError(
      // node:sqlite calls SQLite's number `errcode`, the classifier knows `errno`
      typeof cause === "object" && cause !== null && "errcode" in cause
        ? Object.assign(cause, { errno: cause.errcode, code: cause.errcode })
        : cause,
      { message: cause instanceof Error ? cause.message : String(cause), operation }
    )
  })

const isValue = (value: unknown): value is SQLInputValue =>
  value === null ||
  typeof value === "number" ||
  typeof value === "bigint" ||
  typeof value === "string" ||
  ArrayBuffer.isView(value)

const toValue = (value: unknown): SQLInputValue => {
  if (isValue(value)) return value
  if (typeof value === "boolean") return value ? 1 : 0
  if (value instanceof Date) return value.toISOString()
  throw new TypeError(`a parameter of type ${typeof value} cannot be stored in SQLite`)
}

/** Prepared statements that are kept; batches of another size have another text. */
const preparedLimit = 128

const make = Effect.fnUntraced(function* (options: SqliteOptions) {
  const database = yield* Effect.acquireRelease(
    Effect.try({
      try: () => {
        const opened = new DatabaseSync(options.filename, {
          timeout: options.lockTimeout ?? 5000,
          readOnly: options.readOnly ?? false
        })
        try {
          if (options.readOnly !== true) {
            opened.exec("PRAGMA journal_mode = WAL")
            opened.exec("PRAGMA synchronous = FULL")
          }
          return opened
        } catch (cause) {
          opened.close()
          throw cause
        }
      },
      catch: toSqlError("open")
    }),
    (opened) => Effect.sync(() => opened.close())
  )
  const prepared = new Map<string, StatementSync>()
  const prepare = (text: string): StatementSync => {
    const known = prepared.get(text)
    if (known !== undefined) return known
    const statement = database.prepare(text)
    const [oldest] = prepared.keys()
    if (prepared.size >= preparedLimit && oldest !== undefined) prepared.delete(oldest)
    prepared.set(text, statement)
    return statement
  }

  const all = (text: string, params: ReadonlyArray<unknown>, arrays: boolean) =>
    Effect.try({
      try: () => {
        const statement = prepare(text)
        statement.setReturnArrays(arrays)
        return statement.all(...params.map(toValue))
      },
      catch: toSqlError("execute")
    })
  const rows: SqlConnection.Connection["execute"] = (text, params, transform) =>
    Effect.map(all(text, params, false), (found) =>
      transform === undefined ? found : transform(found)
    )
  const values = (text: string, params: ReadonlyArray<unknown>) =>
    // rows are arrays here, whatever their type says, so that columns of one name are all there
    Effect.map(all(text, params, true), (found) => found.map((row) => Object.values(row)))
  const connection: SqlConnection.Connection = {
    execute: rows,
    executeUnprepared: rows,
    executeRaw: (text, params) => all(text, params, false),
    executeValues: values,
    executeValuesUnprepared: values,
    executeStream: (text, params, transform) =>
      Stream.unwrap(Effect.map(rows(text, params, transform), Stream.fromIterable))
  }
  const semaphore = yield* Semaphore.make(1)
  const acquirers = SqlClient.makeSqliteAcquirers({
    connection: Effect.succeed(connection),
    semaphore,
    isTransaction: () => database.isTransaction
  })
  return yield* SqlClient.make({
    acquirer: acquirers.acquirer,
    borrower: acquirers.borrower,
    transactionAcquirer: acquirers.transactionAcquirer,
    onCommitFailure: acquirers.onCommitFailure,
    // takes the lock at once: two writers wait for each other and never fail half-way
    beginTransaction: "BEGIN IMMEDIATE",
    compiler: Statement.makeCompilerSqlite(),
    driver: "node:sqlite",
    spanAttributes: [["db.system.name", "sqlite"]]
  })
})

/** The client of one file, in WAL mode, closed with the scope. */
export const sqliteLayer = (
  options: SqliteOptions
): Layer.Layer<SqlClient.SqlClient, SqlError.SqlError> =>
  Layer.effect(SqlClient.SqlClient, make(options)).pipe(Layer.provide(Reactivity.layer))
