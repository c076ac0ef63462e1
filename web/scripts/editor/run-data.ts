/** What the server says of runs; see `pages/editor/run.rs`. */
import type { Mark } from "./services";

export interface RunReport {
  id: string;
  status: "queued" | "running" | "waiting" | "in-doubt" | "success" | "warning" | "error" | "stopped";
  /** The status for people. */
  word: string;
  isFinal: boolean;
  isDraft: boolean;
  isSingle: boolean;
  /** The trigger found nothing. */
  isCheck: boolean;
  operations: number;
  startedAt: string;
  finishedAt: string | null;
  modules: Record<string, Mark>;
  log: LogLine[];
  /** Lines of the log that are not sent. */
  leftOut: number;
  error: RunTrouble | null;
  /** Set when it was a rehearsal: nothing was done, and no execution stands
   *  behind it. */
  rehearsal?: Rehearsal;
  /** Of a rehearsal: what each module got and gave, as pieces of a page. */
  pieces?: Record<string, string>;
}

/** What makes a rehearsal; see `pages/editor/rehearse.rs`. */
export interface Rehearsal {
  /** Where its data is from. */
  origin: string;
  /** The same as a sentence. */
  from: string;
  /** The first module, when it takes the data. */
  module: number | null;
  /** The data, as JSON. */
  sample: string;
  /** It was ended before it was over. */
  isCut: boolean;
  modules: RehearsedModule[];
}

/** What a module would have done. */
export interface RehearsedModule {
  id: number;
  would: string;
  origin: string;
  times: number;
  doubts: string[];
}

export interface LogLine {
  at: string;
  kind: string;
  text: string;
  operation?: number;
  module?: number;
}

/** An error in words. */
export interface RunTrouble {
  module: number | null;
  what: string;
  said: string;
  do: string;
  kind: string;
  raw: string;
}

export interface RunRow {
  id: string;
  status: RunReport["status"];
  word: string;
  isFinal: boolean;
  isDraft: boolean;
  isSingle: boolean;
  isCheck: boolean;
  ago: string;
  at: string;
  by: string;
  operations: number;
  name: string | null;
  /** Why it cannot be replayed; empty when it can. */
  whyNot: string;
}

export interface RequestRow {
  id: string;
  ago: string;
  at: string;
  size: string;
  hasData: boolean;
  text: string;
}

/** `GET /scenarios/{id}/runs.json`. */
export interface Runs {
  runs: RunRow[];
  requests: RequestRow[];
  hasWebhook: boolean;
  listening: Listening | null;
}

export interface Listening {
  url: string;
  until: string;
}

/** The answer of `run-draft`. */
export interface Begun {
  execution?: string;
  listening?: true;
  url?: string;
  until?: string;
}

/** The run to show when the page opens: the last one of the whole scenario that
 *  did something. */
export function worthShowing(rows: readonly RunRow[]): RunRow | undefined {
  return rows.find((row) => !row.isSingle && !row.isCheck);
}

/** Whether a run that began while somebody waited is the one they wait for: of a
 *  draft that differs, the live scenario may run at the same time. */
export function isAwaited(report: Pick<RunReport, "isDraft" | "isSingle">, draftIsChanged: boolean): boolean {
  return !report.isSingle && report.isDraft === draftIsChanged;
}

/** Whether anything on the screen changes from one report to the next. */
export function differs(a: RunReport | undefined, b: RunReport): boolean {
  return !a || a.id !== b.id || a.status !== b.status || a.log.length !== b.log.length || JSON.stringify(a.modules) !== JSON.stringify(b.modules);
}
