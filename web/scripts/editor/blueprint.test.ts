import assert from "node:assert/strict";
import { test } from "node:test";
import * as edits from "./blueprint";
import { plain, html } from "./blueprint/notes";
import { both } from "./blueprint/remove";
import { renumberedText } from "./blueprint/references";
import type { Catalogue, CatalogueModule, Field } from "./editor";
import { type Json, at, isCollection, put } from "./json";
import type { Edit } from "./services";
import { type Doc, Store } from "./store";
import { type Module, entries, list, moduleId } from "./tree";

const entry = (name: string, kind: CatalogueModule["kind"] = "action", fields: { parameters?: Field[]; mapper?: Field[] } = {}): CatalogueModule => ({
  name, version: 1, label: name.split(":")[1] ?? name, description: "", kind, synonyms: [], parameters: [], mapper: [], output: [], ...fields,
});
const row = entry("google-sheets:addRow", "action", {
  parameters: [{ name: "__IMTCONN__", label: "Connection", type: "connection", kinds: ["google"] }],
  mapper: [
    { name: "mode", label: "", type: "select", default: "select" },
    { name: "limit", label: "", type: "uinteger", default: "2" },
    { name: "isTable", label: "", type: "boolean", default: "true" },
    { name: "sheetId", label: "", type: "sheet" },
    { name: "hidden", label: "", type: "text", default: "x", shown: { field: "mode", values: ["map"] } },
  ],
});
const mail = entry("email:Send");
const router = entry("builtin:BasicRouter", "router");
const ifElse = entry("builtin:BasicIfElse", "if-else");
const merge = entry("builtin:BasicMerge", "merge");
const ignore = entry("builtin:Ignore", "directive");
const feeder = entry("builtin:BasicFeeder", "iterator");
const aggregator = entry("builtin:BasicAggregator", "aggregator", { parameters: [{ name: "feeder", label: "", type: "module" }] });
const search = entry("a:Search", "search");
const catalogue: Catalogue = { apps: [], modules: [row, mail, router, ifElse, merge, ignore, feeder, aggregator, search] };

const m = (id: number, module: string, more: object = {}): Module => ({ id, module, version: 1, parameters: {}, mapper: {}, metadata: { designer: { x: id * 300, y: 0 } }, ...more }) as Module;
const filter = (name: string, a: string): Json => ({ name, conditions: [[{ a, o: "exist" }]] });
const doc = (flow: Json[], more: object = {}, links: Doc["links"] = {}): Doc => ({ root: { name: "t", flow, metadata: { version: 1, ...more } } as Json, links });
const orphans = (d: Doc): Json[] => list(at(d.root, ["metadata", "designer", "orphans"]));

/** The tree in short: `1 2(3|4)` is 1, then router 2 with routes 3 and 4. */
function short(flow: Json): string {
  return list(flow).map((raw) => {
    const module = raw as Module;
    const ways = [...list(module.routes), ...list(module.branches)].map((way) => short(at(way, ["flow"]) ?? []));
    const error = list(module.onerror).length > 0 ? `!${short(module.onerror ?? [])}!` : "";
    return `${moduleId(module) || "_"}${Array.isArray(module.routes) || Array.isArray(module.branches) ? `(${ways.join("|")})` : ""}${error}`;
  }).join(" ");
}
const shape = (d: Doc): string => [short(at(d.root, ["flow"]) ?? []), ...orphans(d).map((flow) => short(flow))].join(" ; ");
const done = (edit: Edit | string): Doc => {
  if (typeof edit === "string") throw new Error(edit);
  return edit.doc;
};

test("a module goes behind the last one, and numbers are counted over loose parts and error routes", () => {
  const d = doc([m(1, "a:A", { onerror: [m(8, "builtin:Ignore")] })], { designer: { orphans: [[m(11, "a:B")]] } });
  const edit = edits.add(d, { after: "1" }, row, catalogue);
  assert.equal(shape(edit.doc), "1!8! 12 ; 11");
  assert.deepEqual(edit.select, ["12"]);
  const added = edits.moduleAt(edit.doc, "12");
  assert.deepEqual(added, { id: 12, module: "google-sheets:addRow", version: 1, parameters: { __IMTCONN__: null }, mapper: { mode: "select", limit: "2", isTable: true }, metadata: { designer: { x: 600, y: 0 } } });
});

test("a second link puts a router in by itself, a third one uses it", () => {
  const once = edits.add(doc([m(1, "a:A"), m(2, "a:B", { filter: filter("f", "{{1.x}}") })]), { after: "1" }, mail, catalogue).doc;
  assert.equal(shape(once), "1 4(2|3)");
  assert.equal(at(edits.moduleAt(once, "2"), ["filter", "name"]), "f");
  assert.equal(shape(edits.add(once, { after: "1" }, mail, catalogue).doc), "1 4(2|3|5)");
  assert.equal(shape(edits.add(once, { after: "4" }, mail, catalogue).doc), "1 4(2|3|5)");
});

test("on a line the new module takes over the filter, and what follows makes room", () => {
  const d = doc([m(1, "a:A"), m(2, "a:B", { filter: filter("f", "{{1.x}}") }), m(3, "a:C")]);
  const next = edits.add(d, { before: "2" }, mail, catalogue).doc;
  assert.equal(shape(next), "1 4 2 3");
  assert.equal(at(edits.moduleAt(next, "4"), ["filter", "name"]), "f");
  assert.equal(edits.moduleAt(next, "2")?.filter, undefined);
  assert.deepEqual(["4", "2", "3"].map((key) => at(edits.moduleAt(next, key), ["metadata", "designer", "x"])), [600, 900, 1200]);
  assert.equal(shape(edits.add(d, { after: "1", insert: true }, mail, catalogue).doc), "1 4 2 3");
  assert.equal(shape(edits.add(d, { before: "2" }, router, catalogue).doc), "1 4(2 3|_)");
  assert.equal(shape(edits.add(d, { before: "2" }, ifElse, catalogue).doc), "1 4(2 3|_)");
});

test("a new router has two empty circles, and filling them needs no new route", () => {
  const d = edits.add(doc([m(1, "a:A")]), { after: "1" }, router, catalogue).doc;
  assert.equal(shape(d), "1 2(_|_)");
  const one = edits.add(d, { after: "2" }, mail, catalogue).doc;
  assert.equal(shape(one), "1 2(3|_)");
  const circle = entries(one.root).find((found) => found.id === undefined || found.id === null);
  assert.equal(shape(edits.add(one, { instead: circle?.key ?? "" }, mail, catalogue).doc), "1 2(3|4)");
  assert.equal(shape(edits.add(edits.addRoute(one, "2").doc, { after: "2" }, mail, catalogue).doc), "1 2(3|4|_)");
});

test("error routes end in one directive", () => {
  const d = edits.add(doc([m(1, "a:A")]), { error: "1" }, ignore, catalogue).doc;
  assert.equal(shape(d), "1!2!");
  const mailed = edits.add(d, { error: "1" }, mail, catalogue).doc;
  assert.equal(shape(mailed), "1!3 2!");
  assert.equal(shape(edits.add(mailed, { error: "1" }, entry("builtin:Break", "directive"), catalogue).doc), "1!3 4!");
  assert.equal(shape(edits.add(mailed, { after: "3" }, mail, catalogue).doc), "1!3 4 2!");
});

test("a loose module begins an empty scenario", () => {
  const first = edits.add(doc([]), { place: { x: 10, y: 20 } }, mail, catalogue).doc;
  assert.equal(shape(first), "1");
  assert.equal(shape(edits.add(first, { place: { x: 10, y: 20 } }, mail, catalogue).doc), "1 ; 2");
});

test("an aggregator ends the nearest loop that no other one ends", () => {
  const d = doc([m(1, "a:Search"), m(2, "builtin:BasicFeeder"), m(3, "a:A")]);
  const one = edits.add(d, { after: "3" }, aggregator, catalogue);
  assert.equal(at(edits.moduleAt(one.doc, "4"), ["parameters", "feeder"]), 2);
  const two = edits.add(one.doc, { after: "4" }, aggregator, catalogue);
  assert.equal(at(edits.moduleAt(two.doc, "5"), ["parameters", "feeder"]), 1);
  const three = edits.add(two.doc, { after: "5" }, aggregator, catalogue);
  assert.equal(at(edits.moduleAt(three.doc, "6"), ["parameters", "feeder"]), null);
});

test("deleting leaves what followed loose, closing the gap moves it up", () => {
  const d = doc([m(1, "a:A"), m(2, "a:B"), m(3, "a:C")], {}, { "2.__IMTCONN__": "c", "3.__IMTCONN__": "d" });
  const gone = edits.remove(d, ["2"]);
  assert.equal(shape(gone.doc), "1 ; 3");
  assert.deepEqual(gone.doc.links, { "3.__IMTCONN__": "d" });
  assert.deepEqual(gone.select, ["1"]);
  assert.equal(shape(edits.heal(d, ["2"]).doc), "1 3");
  assert.equal(shape(edits.heal(d, ["1", "2"]).doc), "3");
  assert.equal(shape(edits.remove(d, ["1", "2", "3"]).doc), "");
});

test("closing a gap keeps what both filters held back", () => {
  const d = doc([m(1, "a:A"), m(2, "a:B", { filter: filter("f", "{{1.x}}") }), m(3, "a:C", { filter: filter("g", "{{1.y}}") })]);
  const next = edits.moduleAt(edits.heal(d, ["2"]).doc, "3");
  assert.deepEqual(next?.filter, { name: "f and g", conditions: [[{ a: "{{1.x}}", o: "exist" }, { a: "{{1.y}}", o: "exist" }]] });
  assert.deepEqual(list(at(both({ conditions: [[1], [2]] }, { conditions: [[3], [4]] }), ["conditions"])), [[1, 3], [1, 4], [2, 3], [2, 4]]);
});

const routed = doc([m(1, "a:A"), m(2, "builtin:BasicRouter", { parameters: { else: 2 }, routes: [{ flow: [m(3, "a:B", { filter: filter("f", "{{1.x}}") }), m(6, "a:B")] }, { disabled: true, flow: [m(4, "a:C")] }, { flow: [m(5, "a:D")] }] })]);

test("a deleted router leaves its routes loose; an only one moves up", () => {
  assert.equal(shape(edits.remove(routed, ["2"]).doc), "1 ; 3 6 ; 4 ; 5");
  assert.equal(shape(edits.heal(routed, ["2"]).doc), "1 ; 3 6 ; 4 ; 5");
  assert.equal(shape(edits.heal(edits.remove(routed, ["4", "5"]).doc, ["2"]).doc), "1 3 6");
});

test("a route that loses its last module goes, and the fallback mark follows", () => {
  const d = edits.remove(routed, ["4"]).doc;
  assert.equal(shape(d), "1 2(3 6|5)");
  assert.equal(at(edits.moduleAt(d, "2"), ["parameters", "else"]), 1);
  const none = edits.remove(d, ["5"]).doc;
  assert.equal(at(edits.moduleAt(none, "2"), ["parameters", "else"]), undefined);
});

test("routes change their order, and the fallback stays the same route", () => {
  const d = edits.orderRoutes(routed, "2", [2, 0, 1]).doc;
  assert.equal(shape(d), "1 2(5|3 6|4)");
  assert.equal(at(edits.moduleAt(d, "2"), ["parameters", "else"]), 0);
  assert.equal(edits.orderRoutes(routed, "2", [0, 0, 1]).doc, routed);
  assert.equal(at(edits.toggleRoute(routed, "2", 1).doc.root, ["flow", 1, "routes", 1, "disabled"]), undefined);
  assert.equal(edits.waysOf(edits.moduleAt(edits.setFallback(routed, "2", undefined).doc, "2") as Module).some((way) => way.isFallback), false);
});

test("a router becomes an if-else: conditions move to the branches, the fallback is else", () => {
  const d = edits.toIfElse(routed, "2").doc;
  const module = edits.moduleAt(d, "2") as Module;
  assert.equal(shape(d), "1 2(3 6|4|5)");
  assert.deepEqual(list(module.branches).map((branch) => [at(branch, ["type"]), at(branch, ["label"]), list(at(branch, ["conditions"])).length, at(branch, ["disabled"])]), [
    ["condition", "f", 1, false], ["condition", "Condition 2", 0, true], ["else", "", 0, undefined],
  ]);
  assert.equal(edits.moduleAt(d, "3")?.filter, undefined);
  // Loose again, the condition is a filter once more.
  assert.equal(at(edits.moduleAt(edits.remove(d, ["2"]).doc, "3"), ["filter", "name"]), "f");
});

test("a merge joins all branches, and its columns follow them", () => {
  const start = edits.add(doc([m(1, "a:A")]), { after: "1" }, ifElse, catalogue).doc;
  const filled = edits.add(edits.add(start, { after: "2" }, mail, catalogue).doc, { after: "2" }, mail, catalogue).doc;
  assert.equal(shape(filled), "1 2(3|4)");
  const merged = edits.add(filled, { after: "2" }, merge, catalogue).doc;
  assert.equal(shape(merged), "1 2(3|4) 5");
  assert.deepEqual(edits.moduleAt(merged, "5")?.filters, [null, null]);
  const mapped = { ...merged, root: put(merged.root, ["flow", 2, "outputs"], [{ name: "x", mappings: ["{{3.a}}", "{{4.a}}"] }]) };
  const wider = edits.addRoute(mapped, "2").doc;
  assert.deepEqual(at(edits.moduleAt(wider, "5"), ["outputs", 0, "mappings"]), ["{{3.a}}", "", "{{4.a}}"]);
  assert.equal(shape(edits.add(wider, { after: "2" }, mail, catalogue).doc), "1 2(3|6|4) 5");
});

test("links are drawn, cut and split", () => {
  const d = doc([m(1, "a:A"), m(2, "a:B"), m(3, "a:C")], { designer: { orphans: [[m(7, "a:D"), m(8, "a:E")]] } });
  assert.equal(shape(done(edits.connect(d, "3", "7"))), "1 2 3 7 8");
  assert.equal(shape(done(edits.connect(d, "1", "7"))), "1 9(2 3|7 8)");
  assert.equal(shape(done(edits.connect(d, "1", "3"))), "1 9(2|3) ; 7 8");
  assert.equal(shape(done(edits.connect(d, "8", "2"))), "1 ; 7 8 2 3");
  assert.equal(typeof edits.connect(d, "3", "1"), "string");
  assert.equal(typeof edits.connect(d, "1", "2"), "string");
  assert.equal(shape(edits.disconnect(d, "2").doc), "1 ; 7 8 ; 2 3");
  assert.equal(shape(done(edits.dropOnLink(d, "7", "2"))), "1 7 8 2 3");
  const xs = (of: Doc, keys: string[]) => keys.map((key) => at(edits.moduleAt(of, key), ["metadata", "designer", "x"]));
  assert.deepEqual(xs(done(edits.dropOnLink(d, "7", "2")), ["7", "8", "2", "3"]), [600, 900, 1200, 1500]);
  assert.deepEqual(xs(done(edits.connect(d, "3", "7", undefined, { brings: true })), ["7", "8"]), [1200, 1500]);
  assert.equal(shape(done(edits.connectError(d, "2", "7"))), "1 2!7 8! 3");
});

test("another module in the same place keeps number, filter, error route and what fits", () => {
  const d = doc([m(1, "a:A"), m(2, "google-sheets:addRow", { filter: filter("f", "{{1.x}}"), mapper: { sheetId: "S", other: 1 }, onerror: [m(3, "builtin:Ignore")] })], {}, { "2.__IMTCONN__": "c", "2.gone": "x" });
  const other = entry("google-sheets:updateRow", "action", { parameters: row.parameters, mapper: [{ name: "sheetId", label: "", type: "sheet" }] });
  const next = edits.replace(d, "2", other, catalogue).doc;
  const module = edits.moduleAt(next, "2");
  assert.equal(shape(next), "1 2!3!");
  assert.deepEqual([module?.module, module?.mapper, at(module, ["filter", "name"])], ["google-sheets:updateRow", { sheetId: "S" }, "f"]);
  assert.deepEqual(next.links, { "2.__IMTCONN__": "c" });
  assert.equal(shape(edits.replace(routed, "2", mail, catalogue).doc), "1 2 ; 3 6 ; 4 ; 5");
  assert.equal(shape(edits.replace(routed, "2", ifElse, catalogue).doc), "1 2(3 6|4|5)");
});

test("pasted modules refer to each other under their new numbers", () => {
  const d = doc([m(1, "a:A"), m(2, "builtin:BasicFeeder", { mapper: { array: "{{1.items}}" } }), m(3, "builtin:BasicAggregator", { parameters: { feeder: 2 }, mapper: { x: '{{2.value}} {{1.y}} {{"2.z"}} {{`2`}}' } })], { notes: [{ moduleIds: [2], content: "<p>hi</p>" }] }, { "2.c": "link" });
  const next = edits.paste(d, edits.pick(d, ["2", "3"])).doc;
  assert.equal(shape(next), "1 2 3 ; 4 5");
  assert.deepEqual(edits.moduleAt(next, "5")?.parameters, { feeder: 4 });
  assert.deepEqual(edits.moduleAt(next, "5")?.mapper, { x: '{{4.value}} {{1.y}} {{"2.z"}} {{`4`}}' });
  assert.deepEqual(next.links, { "2.c": "link", "4.c": "link" });
  assert.deepEqual(edits.notesOf(next.root).map((note) => note.modules), [[2], [4]]);
});

test("a selection is copied with the links inside of it only", () => {
  assert.deepEqual(edits.pick(routed, ["1", "2", "5"]).flows.map((flow) => short(flow)), ["1 2(5)"]);
  assert.equal(at(edits.pick(routed, ["2", "5"]).flows[0]?.[0], ["parameters", "else"]), 0);
  assert.deepEqual(edits.pick(routed, ["1", "3", "6", "5"]).flows.map((flow) => short(flow)), ["1", "3 6", "5"]);
  assert.deepEqual(edits.pick(doc([m(1, "a:A", { onerror: [m(2, "builtin:Ignore")] })]), ["1"]).flows.map((flow) => short(flow)), ["1!2!"]);
});

test("references are found as the mapping language reads them", () => {
  const numbers = new Map([[1, 10], [2, 20]]);
  assert.equal(renumberedText("{{1.`First 2.x`}} 1.x {{1.5}} {{map(2.items; \"1.a\"; 1.b)}} {{21.x}} {{3.`1`}} {{random01.x}}", numbers), "{{10.`First 2.x`}} 1.x {{1.5}} {{map(20.items; \"1.a\"; 10.b)}} {{21.x}} {{3.`1`}} {{random01.x}}");
  assert.deepEqual(edits.referencesIn({ a: ["{{1.x}} {{sum(7.y[]; `8`)}}"] }), [1, 7, 8]);
});

test("notes are read in every shape and written in Make's", () => {
  const d = doc([m(3, "a:A")], { notes: [{ moduleIds: [3], content: "<p>a &amp; b</p><p>c</p>", metadata: { color: "#123456" } }, "bare"], designer: { notes: [{ id: 3, text: "old", filter: true }] } });
  assert.deepEqual(edits.notesOf(d.root).map((note) => [note.text, note.modules, note.isFilter]), [["a & b\nc", [3], false], ["bare", [], false], ["old", [3], true]]);
  const changed = edits.setNote(edits.setNote(d, 2, { text: "new" }).doc, 1, { color: "#0B7F42" }).doc;
  assert.equal(at(changed.root, ["metadata", "designer", "notes", 0, "text"]), "<p>new</p>");
  assert.deepEqual(at(changed.root, ["metadata", "notes", 1]), { moduleIds: [], content: "<p>bare</p>", isFilterNote: false, metadata: { color: "#0B7F42" } });
  assert.equal(edits.notesOf(edits.removeNote(d, 0).doc.root).length, 2);
  assert.equal(plain(html("<b> & \nline")), "<b> & \nline");
  const added = edits.addNote(d, { filter: "3" }, "why");
  assert.deepEqual(edits.notesOf(added.doc.root)[added.index]?.modules, [3]);
});

test("filters of branches are the conditions of the branch", () => {
  const d = edits.toIfElse(routed, "2").doc;
  const three = edits.find(d, "3");
  assert.ok(three && edits.takesFilter(d.root, three));
  const next = edits.setFilter(d, "3", { name: "big", conditions: [] }).doc;
  assert.equal(at(next.root, ["flow", 1, "branches", 0, "label"]), "big");
  const five = edits.find(d, "5");
  assert.ok(five && !edits.takesFilter(d.root, five));
});

// --- properties -----------------------------------------------------------

/** A small generator with a seed, so that a failure can be repeated. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const isDirective = (module: Module): boolean => edits.isDirective(module);

function step(doc: Doc, roll: (below: number) => number): { edit: Edit | string; gone: string[] } {
  const all = entries(doc.root);
  const key = () => all[roll(all.length)]?.key ?? "";
  const what = catalogue.modules[roll(catalogue.modules.length)] as CatalogueModule;
  const several = [key(), key(), key()].slice(0, 1 + roll(3));
  switch (roll(14)) {
    case 0: return { edit: edits.add(doc, { after: key() }, what, catalogue), gone: [] };
    case 1: return { edit: edits.add(doc, { after: key(), insert: true }, what, catalogue), gone: [] };
    case 2: return { edit: edits.add(doc, { before: key() }, what, catalogue), gone: [] };
    case 3: return { edit: edits.add(doc, { error: key() }, what, catalogue), gone: [] };
    case 4: return { edit: edits.add(doc, { place: { x: roll(2000), y: roll(2000) } }, what, catalogue), gone: [] };
    case 5: return { edit: edits.remove(doc, several, catalogue), gone: several };
    case 6: return { edit: edits.heal(doc, several, catalogue), gone: several };
    case 7: return { edit: edits.connect(doc, key(), key()), gone: [] };
    case 8: return { edit: edits.disconnect(doc, key()), gone: [] };
    case 9: return { edit: edits.dropOnLink(doc, key(), key()), gone: [] };
    case 10: return { edit: edits.paste(doc, edits.pick(doc, several)), gone: [] };
    case 11: return { edit: edits.addRoute(doc, all.find((entry) => edits.isRouter(entry.module) || edits.isIfElse(entry.module))?.key ?? ""), gone: [] };
    case 12: {
      const routers = all.filter((entry) => list(entry.module.routes).length > 1);
      const chosen = routers[roll(Math.max(1, routers.length))];
      const order = list(chosen?.module.routes).map((_, index) => index).reverse();
      const marked = chosen ? edits.setFallback(doc, chosen.key, roll(order.length)).doc : doc;
      return { edit: edits.orderRoutes(marked, chosen?.key ?? "", order), gone: [] };
    }
    default: return { edit: edits.add(doc, { instead: key() }, what, catalogue), gone: [] };
  }
}

function check(before: Doc, after: Doc, gone: string[], label: string): void {
  const [was, is] = [entries(before.root), entries(after.root)];
  const ids = is.map((entry) => entry.id).filter((id) => id !== undefined);
  assert.equal(new Set(ids).size, ids.length, `${label}: numbers are unique`);
  const replaced = label.startsWith("Replace") || gone.length > 0;
  for (const entry of was) {
    if (entry.id === undefined || gone.includes(entry.key) || (replaced && isDirective(entry.module)) || edits.isPlaceholder(entry.module)) continue;
    // An error route's end makes way for another one.
    if (isDirective(entry.module) && label.startsWith("Add an error handler")) continue;
    assert.ok(is.some((other) => other.id === entry.id), `${label}: module ${entry.id} is still there`);
  }
  for (const { module } of is) {
    const mark = at(module, ["parameters", "else"]);
    if (mark !== undefined) assert.ok(Number(mark) < list(module.routes).length, `${label}: the fallback is one of the routes`);
    const branches = list(module.branches);
    assert.ok(branches.slice(0, -1).every((branch) => !edits.isElse(branch)), `${label}: else is last`);
    if (edits.isRouter(module)) assert.ok(list(module.routes).every((route) => list(at(route, ["flow"])).length > 0), `${label}: no route is empty`);
  }
  const wasLinked = new Set(was.map((entry) => entry.id));
  for (const link of Object.keys(after.links)) assert.ok(ids.includes(Number(link.split(".")[0])) || !wasLinked.has(Number(link.split(".")[0])), `${label}: ${link} has its module`);
  assert.ok(orphans(after).every((flow) => list(flow).length > 0), `${label}: no loose part is empty`);
}

test("random edits lose no module, keep numbers unique and marks right, and undo gives everything back", () => {
  for (let seed = 1; seed <= 150; seed += 1) {
    const roll = random(seed);
    const store = new Store(doc([m(1, "a:A"), m(2, "builtin:BasicFeeder")], {}, { "2.x": "y" }));
    const past: Doc[] = [];
    for (let count = 0; count < 40; count += 1) {
      const before = store.doc;
      const { edit, gone } = step(before, roll);
      if (typeof edit === "string" || edit.doc === before) continue;
      check(before, edit.doc, gone, `seed ${seed}, ${count}, ${edit.label}`.replace(/^seed \d+, \d+, (Replace|Add an error)/, "$1"));
      store.change(edit.label, edit.doc);
      if (store.doc !== before) past.push(before);
    }
    for (const doc of past.reverse()) {
      store.undo();
      assert.equal(store.doc, doc);
    }
  }
});

test("pasting what was copied changes nothing but numbers and places", () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const roll = random(seed);
    let d = doc([m(1, "a:A"), m(2, "builtin:BasicFeeder")]);
    for (let count = 0; count < 15; count += 1) {
      const { edit } = step(d, roll);
      if (typeof edit !== "string") d = edit.doc;
    }
    const all = entries(d.root).map((found) => found.key);
    const copy = edits.pick(d, all);
    const next = edits.paste(doc([]), copy).doc;
    const names = (of: Doc) => entries(of.root).filter(({ module }) => !edits.isPlaceholder(module)).map(({ module }) => module.module).sort();
    assert.deepEqual(names(next), names(d), `seed ${seed}`);
    assert.ok(isCollection(next.root));
  }
});
