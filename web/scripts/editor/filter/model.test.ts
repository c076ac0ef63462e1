import assert from "node:assert/strict";
import { test } from "node:test";
import type { Comparison } from "../services";
import { FRESH, groupsOf, isUnary, places, removed, says, stored, withOperator, withSuggested } from "./model";

const comparisons: Comparison[] = [
  { name: "exist", group: "Basic", label: "Exists", unary: true },
  { name: "text:equal", group: "Text", label: "Equal to", unary: false },
];
const rule = { a: "{{1.x}}", o: "text:equal", b: "y" };

test("rows that nobody filled in are not stored and shift no other", () => {
  const groups = [[{ ...FRESH }, rule], [{ ...FRESH }], [rule, rule]];
  assert.deepEqual(stored(groups), [[rule], [rule, rule]]);
  assert.deepEqual(places(groups), [
    [undefined, { group: 0, condition: 0 }],
    [undefined],
    [{ group: 1, condition: 0 }, { group: 1, condition: 1 }],
  ]);
  assert.ok(says(groups, [[rule], [rule, rule]]));
  assert.ok(!says(groups, [[rule]]));
});

test("one value is compared with nothing, and the other one comes back", () => {
  const alone = withOperator(rule, "exist", comparisons, undefined);
  assert.deepEqual(alone, { a: "{{1.x}}", o: "exist" });
  assert.deepEqual(withOperator(alone, "text:equal", comparisons, "y"), { a: "{{1.x}}", o: "text:equal", b: "y" });
  assert.ok(isUnary("notexist", []));
  assert.ok(!isUnary("text:isempty", comparisons));
});

test("what files hold is read, whatever its form", () => {
  assert.deepEqual(groupsOf([rule]), [[rule]]);
  assert.deepEqual(groupsOf([[rule, 5], []]), [[rule]]);
  assert.deepEqual(groupsOf(null), []);
  assert.deepEqual(removed([[rule], [rule, FRESH]], 0, 0), [[rule, FRESH]]);
});

test("a suggestion is taken whole: operator, and the values that go with it", () => {
  const exists = { a: "{{1.coupon}}", o: "exist", own: 1 };
  const many: Comparison[] = [...comparisons, { name: "array:greater", group: "Array", label: "Array length greater than", unary: false }];
  assert.deepEqual(withSuggested(exists, { operator: "array:greater", left: null, right: "0" }, many), { a: "{{1.coupon}}", o: "array:greater", b: "0", own: 1 });
  assert.deepEqual(withSuggested(rule, { operator: "text:equal", left: "{{upper(1.x)}}", right: null }, many), { a: "{{upper(1.x)}}", o: "text:equal", b: "y" });
});
