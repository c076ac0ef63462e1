import assert from "node:assert/strict";
import { test } from "node:test";
import { countOf } from "./blueprint";
import { requestInto, written } from "./clipboard";
import { parseCurl, split } from "./curl";
import { at } from "./json";
import { readPasted } from "./pasted";

const module = { id: 3, module: "a:B", version: 1, parameters: {}, mapper: { x: "{{1.y}}" } };
const count = (text: string): number => {
  const pasted = readPasted(text);
  return "fragment" in pasted ? countOf(pasted.fragment) : -1;
};

test("blueprints are read in every wrapping", () => {
  const flow = { name: "n", flow: [module, { id: 4, module: "a:C" }] };
  for (const value of [
    flow, { blueprint: flow }, { blueprint: JSON.stringify(flow) }, { code: "OK", response: { blueprint: flow } }, JSON.stringify(flow),
    { subflows: [{ flow: [module] }, { flow: [{ id: 4, module: "a:C" }] }], metadata: { version: 1 } }, flow.flow, [{ flow: [module] }, [{ module: "a:C" }]],
  ]) assert.equal(count(JSON.stringify(value)), 2, JSON.stringify(value));
  assert.equal(count(JSON.stringify(module)), 1);
});

test("what is copied is what Make's editor copies, and comes back", () => {
  const text = written({ flows: [[module]], notes: [], links: { "3.x": "y" } });
  assert.deepEqual(JSON.parse(text), { subflows: [{ flow: [module] }], metadata: { version: 1 } });
  const pasted = readPasted(text);
  assert.ok("fragment" in pasted);
  assert.deepEqual(pasted.fragment, { flows: [[module]], notes: [], links: {} });
});

test("what is no blueprint is called by its name", () => {
  const problem = (text: string) => {
    const pasted = readPasted(text);
    return "problem" in pasted ? pasted.problem : "";
  };
  assert.match(problem('{"a": 1}'), /no modules/);
  assert.match(problem("[1, 2]"), /no modules/);
  assert.match(problem("hello"), /no blueprint/);
  assert.match(problem('{"flow": [{"module"'), /cut off/);
  assert.match(problem('{"flow": []}'), /has no modules/);
  assert.match(problem(""), /empty/);
  assert.match(problem("curl -X POST"), /no address/);
});

test("a command is split as a shell does", () => {
  assert.deepEqual(split(`curl 'a b' "c\\"d" e\\ f \\\n  $'x\\ny'`), ["curl", "a b", 'c"d', "e f", "x\ny"]);
});

test("a cURL command becomes a request", () => {
  const json = parseCurl(`curl -X PUT https://api.example.com/v1/items?limit=2&q=a%20b -H 'Content-Type: application/json' -H "Authorization: Bearer t" -d '{"a": 1}'`);
  assert.deepEqual(json, {
    url: "https://api.example.com/v1/items", method: "put",
    headers: [{ name: "Content-Type", value: "application/json" }, { name: "Authorization", value: "Bearer t" }],
    query: [{ name: "limit", value: "2" }, { name: "q", value: "a b" }], body: '{"a": 1}', form: [], parts: [], user: undefined,
  });
  const form = parseCurl("curl --request=POST example.com -d a=1 -d b=2+3 -u me:secret --compressed");
  assert.deepEqual([form?.method, form?.url, form?.form, form?.user], ["post", "http://example.com", [{ name: "a", value: "1" }, { name: "b", value: "2 3" }], "me"]);
  assert.equal(JSON.stringify(form).includes("secret"), false);
  const get = parseCurl("curl -G https://x.y/z --data-urlencode 'q=a b'");
  assert.deepEqual([get?.method, get?.query], ["get", [{ name: "q", value: "a b" }]]);
  assert.deepEqual(parseCurl("curl -F file=@a.png -F name=x https://x.y")?.parts, [{ name: "file", value: "a.png", isFile: true }, { name: "name", value: "x", isFile: false }]);
});

test("a request is written into the fields of the HTTP module", () => {
  const doc = { root: { flow: [{ id: 1, module: "http:MakeRequest", parameters: {}, mapper: { parseResponse: true } }] }, links: {} };
  const request = parseCurl(`curl https://x.y --json '{"a":1}' -u me:pw`);
  assert.ok(request);
  const next = requestInto(doc, "1", request).root;
  assert.deepEqual(at(next, ["flow", 0, "mapper"]), {
    parseResponse: true, url: "https://x.y", method: "post", headers: [{ name: "Accept", value: "application/json" }], queryParameters: [],
    contentType: "json", inputMethod: "jsonString", jsonStringBodyContent: '{"a":1}',
  });
  assert.equal(at(next, ["flow", 0, "parameters", "authenticationType"]), "basicAuth");
});
