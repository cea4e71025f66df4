import type { Dashboard, DataQuery } from "@grafana/schema";

// What a type looks like in JSON: an enumeration is its values, and a query has the fields of its data source too.
type Written<T> = T extends string
  ? `${T}`
  : T extends DataQuery
    ? { [K in keyof T]: Written<T[K]> } & Record<string, unknown>
    : T extends object
      ? { [K in keyof T]: Written<T[K]> }
      : T;

export type Board = Written<Dashboard>;

// @ts-expect-error: a compiler that lets this pass would let all pass
export const width: Board = { schemaVersion: 42, panels: [{ type: "stat", gridPos: { x: 0, y: 0, w: "12", h: 4 } }] };
// @ts-expect-error: as would one that lets unknown words pass
export const word: Board = { schemaVersion: 42, refreshed: "10s" };
// @ts-expect-error: and one to which an enumeration is any text
export const mode: Board = { schemaVersion: 42, templating: { list: [{ name: "a", type: "quarry" }] } };
