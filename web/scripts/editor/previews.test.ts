import assert from "node:assert/strict";
import { test } from "node:test";
import { type Question, Previews } from "./previews";
import type { Preview } from "./services";

const gives = (text: string): Preview => ({ text, type: "text", warnings: [], known: true });
const question = (text: string, field = "a"): Question => ({ module: "2", field, type: "text", text });
const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

test("only the last question about a field is sent, and what is known is not asked again", async () => {
  const sent: string[] = [];
  const previews = new Previews(async ({ text }) => {
    sent.push(text);
    return gives(text);
  });
  let answered = 0;
  void previews.ask(question("x")).then(() => answered++);
  const [last, other] = await Promise.all([previews.ask(question("xy")), previews.ask(question("z", "b"))]);
  assert.deepEqual([last.text, other.text, sent.sort()], ["xy", "z", ["xy", "z"]]);
  await previews.ask(question("xy"));
  assert.equal(sent.length, 2);
  previews.forget();
  await previews.ask(question("xy"));
  assert.equal(sent.length, 3);
  assert.equal(answered, 0, "nobody hears of a question that was taken back");
});

test("an answer that comes too late is not told", async () => {
  const previews = new Previews(async ({ text }) => {
    await pause(text === "slow" ? 80 : 0);
    return gives(text);
  });
  let heard = "";
  void previews.ask(question("slow")).then(({ text }) => (heard += text));
  await pause(80);
  assert.equal((await previews.ask(question("quick"))).text, "quick");
  await pause(120);
  assert.equal(heard, "");
});
