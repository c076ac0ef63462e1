/** What the server says of a filter: the bundles that came to it, whether they
 *  pass, and why. */
import { words } from "../words/filter";

/** The answer of `POST /scenarios/{id}/filter-test`. */
export interface FilterTest {
  /** False when there is no data to try it with. */
  known: boolean;
  bundles: BundleTest[];
  /** Bundles that are not listed. */
  more: number;
  suggest: Suggested[];
  /** Where it cannot be read. */
  problems: { group: number; condition: number; message: string }[];
}

/** What would be better: another operator, and perhaps other values. */
export interface Suggested {
  group: number;
  condition: number;
  operator: string;
  left: string | null;
  right: string | null;
  why: string;
  /** The condition does now what hardly anybody means. */
  trap: boolean;
}

export interface BundleTest {
  passed: boolean;
  label: string;
  groups: ConditionTest[][];
}

export interface ConditionTest {
  passed: boolean;
  left: string;
  type: string;
  operator: string;
  right: string | null;
  note: string;
}

export interface Opinion {
  kind: "ok" | "held" | "bad" | "trap" | "blank";
  text: string;
  side?: "right" | undefined;
}

/** What a row came to, over all bundles. */
export function opinion(test: FilterTest, place: { group: number; condition: number }): Opinion | undefined {
  const problem = test.problems.find((one) => one.group === place.group && one.condition === place.condition);
  if (problem) return { kind: "bad", text: problem.message, side: problem.message.startsWith("The right side") ? "right" : undefined };
  const tests = test.bundles.flatMap((bundle) => {
    const one = bundle.groups[place.group]?.[place.condition];
    return one ? [{ ...one, bundle: bundle.label.split(":")[0] ?? "" }] : [];
  });
  const holding = tests.filter((one) => one.passed).length;
  const telling = tests.find((one) => !one.passed) ?? tests[0];
  if (!telling) return undefined;
  const note = tests.length > 1 ? words.holdsFor(holding, tests.length, telling.bundle, telling.note) : telling.note;
  const isTrap = test.suggest.some((one) => one.trap && one.group === place.group && one.condition === place.condition);
  return { kind: isTrap ? "trap" : holding > 0 ? "ok" : "held", text: note };
}
