/** A cURL command as people find it in the documentation of a service. */

export interface Request {
  url: string;
  method: string;
  headers: { name: string; value: string }[];
  query: { name: string; value: string }[];
  /** The whole content, of a request that is no form. */
  body: string | undefined;
  /** Fields of a form, sent as in an address. */
  form: { name: string; value: string }[];
  /** Parts of a form that may hold files. */
  parts: { name: string; value: string; isFile: boolean }[];
  /** `-u`; the password is not kept. */
  user: string | undefined;
}

/** Options with a value that mean nothing here. */
const SKIPPED = new Set(["-o", "--output", "-m", "--max-time", "--connect-timeout", "--retry", "-x", "--proxy", "--cacert", "-E", "--cert", "--key", "-w", "--write-out", "-c", "--cookie-jar", "--resolve", "--limit-rate", "--max-redirs", "--ciphers", "--tls-max", "-K", "--config", "-D", "--dump-header", "--interface", "--retry-delay"]);

export function parseCurl(text: string): Request | undefined {
  const words = split(text).slice(1);
  const request: Request = { url: "", method: "", headers: [], query: [], body: undefined, form: [], parts: [], user: undefined };
  const data: { value: string; isEncoded: boolean }[] = [];
  let isGet = false;
  for (let index = 0; index < words.length; index += 1) {
    const [option, given] = parted(words[index] as string);
    const value = (): string => {
      if (given !== undefined) return given;
      index += 1;
      return words[index] ?? "";
    };
    if (option === "-X" || option === "--request") request.method = value().toLowerCase();
    else if (option === "-H" || option === "--header") addHeader(request, value());
    else if (option === "-A" || option === "--user-agent") request.headers.push({ name: "User-Agent", value: value() });
    else if (option === "-e" || option === "--referer") request.headers.push({ name: "Referer", value: value() });
    else if (option === "-b" || option === "--cookie") request.headers.push({ name: "Cookie", value: value() });
    else if (option === "-u" || option === "--user") request.user = value().split(":")[0];
    else if (option === "--data-urlencode") data.push({ value: value(), isEncoded: false });
    else if (["-d", "--data", "--data-raw", "--data-binary", "--data-ascii"].includes(option)) data.push({ value: value(), isEncoded: true });
    else if (option === "--json") addJson(request, data, value());
    else if (["-F", "--form", "--form-string"].includes(option)) addPart(request, value(), option !== "--form-string");
    else if (option === "-G" || option === "--get") isGet = true;
    else if (option === "-I" || option === "--head") request.method ||= "head";
    else if (option === "--url") request.url ||= value();
    else if (SKIPPED.has(option)) value();
    else if (!option.startsWith("-")) request.url ||= option;
  }
  return completed(request, data, isGet);
}

/** `--request=POST` and `-XPOST` are one word with their value. */
function parted(word: string): [string, string | undefined] {
  const long = /^(--[\w-]+)=(.*)$/s.exec(word);
  if (long) return [long[1] as string, long[2]];
  const short = /^(-[XHdFuAebo])(.+)$/s.exec(word);
  return short ? [short[1] as string, short[2]] : [word, undefined];
}

function addHeader(request: Request, header: string): void {
  const colon = header.indexOf(":");
  if (colon > 0) request.headers.push({ name: header.slice(0, colon).trim(), value: header.slice(colon + 1).trim() });
}

function addJson(request: Request, data: { value: string; isEncoded: boolean }[], value: string): void {
  data.push({ value, isEncoded: true });
  for (const name of ["Content-Type", "Accept"]) request.headers.push({ name, value: "application/json" });
}

function addPart(request: Request, part: string, mayBeFile: boolean): void {
  const [name, value] = pair(part);
  const isFile = mayBeFile && /^[@<]/.test(value);
  request.parts.push({ name, value: isFile ? value.slice(1) : value, isFile });
}

function pair(text: string): [string, string] {
  const at = text.indexOf("=");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function completed(request: Request, data: { value: string; isEncoded: boolean }[], isGet: boolean): Request | undefined {
  if (request.url === "") return undefined;
  const url = /^[a-z][\w+.-]*:\/\//i.test(request.url) ? request.url : `http://${request.url}`;
  const [base, query] = [url.split("?")[0] as string, url.includes("?") ? url.slice(url.indexOf("?") + 1).split("#")[0] : ""];
  const fields = (text: string) => text.split("&").filter((part) => part !== "").map((part) => pair(part)).map(([name, value]) => ({ name: decoded(name), value: decoded(value) }));
  const inQuery = fields(query ?? "");
  const type = request.headers.find(({ name }) => name.toLowerCase() === "content-type")?.value ?? "";
  const isForm = data.length > 0 && (/urlencoded/i.test(type) || (type === "" && data.every(({ value }) => /^[^{[<=]+=/.test(value))));
  const pairs = data.flatMap(({ value, isEncoded }) => (isEncoded ? fields(value) : [{ name: pair(value)[0], value: pair(value)[1] }]));
  const next = { ...request, url: base, query: isGet ? [...inQuery, ...pairs] : inQuery };
  const sends = !isGet && (data.length > 0 || request.parts.length > 0);
  next.method = request.method || (sends ? "post" : "get");
  if (isGet || data.length === 0) return next;
  return isForm ? { ...next, form: pairs } : { ...next, body: data.map(({ value }) => value).join("&") };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replace(/\+/g, " "));
  } catch {
    return text;
  }
}

const ESCAPES: Record<string, string> = { n: "\n", t: "\t", r: "\r" };

/** Splits a command as a shell does: quotes of three kinds, backslashes, lines
 *  that go on. */
export function split(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  const add = (part: string) => {
    word = (word ?? "") + part;
  };
  const source = text.replace(/^\$\s*/, "").replace(/[\\^`]\r?\n/g, " ");
  for (let index = 0; index < source.length; index += 1) {
    const mark = source[index] as string;
    if (/\s/.test(mark)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (mark === "'" || mark === '"' || (mark === "$" && source[index + 1] === "'")) {
      const [content, end] = quoted(source, index);
      add(content);
      index = end;
    } else if (mark === "\\") {
      index += 1;
      add(source[index] ?? "");
    } else add(mark);
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** The content of a quoted part, and where its closing quote is. */
function quoted(source: string, from: number): [string, number] {
  const isAnsi = source[from] === "$";
  const quote = isAnsi ? "'" : source[from];
  let content = "";
  let index = from + (isAnsi ? 2 : 1);
  for (; index < source.length && source[index] !== quote; index += 1) {
    const next = source[index + 1] ?? "";
    if (source[index] === "\\" && isAnsi) {
      content += ESCAPES[next] ?? next;
      index += 1;
    } else if (source[index] === "\\" && quote === '"' && /["\\$`]/.test(next)) {
      content += next;
      index += 1;
    } else content += source[index];
  }
  return [content, index];
}
