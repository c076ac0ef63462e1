//! The decisions D1 to D20 and the rules of `iml.md` that no vector prints,
//! one line each.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use jiff::Timestamp;
use rouage_expr::probe;
use rouage_model::clock::SimulatedClock;
use rouage_model::{Collection, Value, tagged};

const BUNDLES: &str = r#"{"1":{"n":2,"t":"5","z":0,"e":"","nil":null,"b":true,"a":["x",null,["y",["z"]]],"l":[{"k":1},{"k":2},{"q":3}],
    "o":{"a":1,"b":{"c":"d"}},"d":{"$date":"2026-03-28T01:30:00.000Z"},"same":{"$date":"2026-03-28T01:30:00.000Z"},
    "big":12345678901234567890123,"raw":{"$buffer":"ff00"},"utf":{"$buffer":"c3a9","encoding":"utf8"},"and":"keyword field"}}"#;

fn answer(expression: &str, zone: &str) -> String {
    let clock = SimulatedClock::new("2026-11-24T12:00:00Z".parse::<Timestamp>().unwrap(), 1);
    let bundles = tagged::parse(BUNDLES.as_bytes()).unwrap();
    let variables = tagged::parse(br#"{"scenario":{"name":"Orders"},"input":{"page":{"n":3}}}"#).unwrap();
    let line: Collection = [
        ("expr", Value::from(expression)),
        ("bundles", bundles),
        ("variables", variables),
        ("timezone", Value::from(zone)),
    ]
    .into_iter()
    .collect();
    let answer = probe(&line.into(), &clock);
    match answer.field("error") {
        Value::Undefined => tagged::to_string(answer.field("value")),
        error => format!("{}: {}", error.field("kind").as_text().unwrap(), error.field("message").as_text().unwrap()),
    }
}

fn check(cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        assert_eq!(answer(expression, "UTC"), *expected, "{expression}");
    }
}

#[test]
fn d1_equality_is_loose_as_in_javascript() {
    check(&[
        (r#"{{"1" = 1}}"#, "true"),
        (r#"{{"" = null}}"#, "false"),
        ("{{1.missing = null}}", "true"),
        ("{{1.nil = 1.missing}}", "true"),
        ("{{1.z = null}}", "false"),
        (r#"{{1.z = ""}}"#, "true"),
        ("{{true = 1}}", "true"),
        (r#"{{true = "true"}}"#, "false"),
        ("{{1.d = 1.same}}", "true"),
        ("{{1.l = 1.l}}", "true"),
        ("{{1.o != 1.l}}", "true"),
        (r#"{{"a" === "a"}}"#, "true"),
        (r#"{{"a" !== "a"}}"#, "false"),
    ]);
}

#[test]
fn d2_truth_and_operands_are_javascript_s() {
    check(&[
        ("{{if(1.z; 1; 2)}}", "2"),
        (r#"{{if("0"; 1; 2)}}"#, "1"),
        (r#"{{if(""; 1; 2)}}"#, "2"),
        ("{{if(emptyarray; 1; 2)}}", "1"),
        ("{{if(1.nil; 1; 2)}}", "2"),
        ("{{1.n & 1.t}}", "\"5\""),
        ("{{1.e | 1.t}}", "\"5\""),
        ("{{1.z & 1.t}}", "0"),
        ("{{!1.missing}}", "true"),
        ("{{1.missing | false}}", "false"),
    ]);
}

#[test]
fn d3_ifempty_takes_the_second_for_missing_null_and_empty_text() {
    check(&[
        (r#"{{ifempty(emptystring; "B")}}"#, "\"B\""),
        (r#"{{ifempty(emptyarray; "B")}}"#, "[]"),
        (r#"{{ifempty(false; "B")}}"#, "false"),
        (r#"{{ifempty(space; "B")}}"#, "\" \""),
    ]);
}

#[test]
fn d4_split_trims_and_drops_unless_told() {
    check(&[
        (r#"{{split(" a ,, b "; ",")}}"#, r#"["a","b"]"#),
        (r#"{{split("a,,b"; ","; true)}}"#, r#"["a","","b"]"#),
        (r#"{{split("aé"; emptystring)}}"#, r#"["a","é"]"#),
        (r#"{{split(1.missing; ",")}}"#, "[]"),
    ]);
}

#[test]
fn d5_d6_arrays_and_collections_in_text() {
    check(&[
        ("<{{1.a}}>", "\"<x,,y,z>\""),
        ("{{1.o}}!", r#""{\"a\":1,\"b\":{\"c\":\"d\"}}!""#),
        ("{{1.l}} ", r#""{\"k\":1},{\"k\":2},{\"q\":3} ""#),
        ("{{1.d}}, {{1.nil}}, {{1.b}}, {{1.utf}}", "\"2026-03-28T01:30:00.000Z, , true, é\""),
    ]);
    assert!(answer("a{{1.raw}}", "UTC").starts_with("type: "));
}

#[test]
fn d7_d8_indices_count_from_1_and_from_the_end() {
    check(&[
        ("{{1.l[1].k}}", "1"),
        ("{{1.l[-1].q}}", "3"),
        ("{{1.l[-9]}}", "null"),
        ("{{1.l[0]}}", "null"),
        ("{{1.l[1.n].k}}", "2"),
        ("{{1.l[1 + 1].k}}", "2"),
        ("{{1.l.k}}", "1"),
        ("{{get(1.l; 0)}}", "null"),
        ("{{get(1.l; -1)}}", r#"{"q":3}"#),
        (r#"{{get(1; "o.b.c")}}"#, "null"),
        (r#"{{get(`1`; "o.b.c")}}"#, "\"d\""),
        (r#"{{get(`1`; "l[2].k")}}"#, "2"),
        ("{{first(1.l).k}}", "1"),
    ]);
}

#[test]
fn d9_map_skips_items_without_the_key() {
    check(&[
        (r#"{{map(1.l; "k")}}"#, "[1,2]"),
        (r#"{{map(1.l; "k"; "k"; 2)}}"#, "[2]"),
        (r#"{{map(1.l; "k"; "k"; "1, 2")}}"#, "[1,2]"),
        (r#"{{map(1.missing; "k")}}"#, "[]"),
    ]);
}

#[test]
fn d10_d11_numbers_are_decimal_and_print_as_in_javascript() {
    check(&[
        ("{{0.1 + 0.2}}", "0.3"),
        ("{{1.1 * 3}}", "3.3"),
        ("{{10 / 4}}", "2.5"),
        ("{{10 / 5}}", "2"),
        ("{{1 / 3}}", "0.3333333333333333"),
        ("{{7 % 3}}", "1"),
        ("{{-7 mod 3}}", "-1"),
        ("{{0.000001 * 0.000001}}", "1e-12"),
        ("{{1 / 0}}", "null"),
        ("{{1 % 0}}", "null"),
        ("x{{100000 * 100000 * 100000 * 100000 * 100}}", "\"x1e+22\""),
        (r#"{{"5" - 2}}"#, "3"),
        (r#"{{"5" ++ 2}}"#, "7"),
        (r#"{{"5" + 2}}"#, "\"52\""),
        ("{{1.nil + 2}}", "2"),
        ("{{1.missing + 1.t}}", "\"5\""),
        ("{{1.missing + 1.nil}}", "null"),
        ("{{1.missing + true}}", "true"),
        ("{{1.o + 1}}", r#""{\"a\":1,\"b\":{\"c\":\"d\"}}1""#),
        (r#"{{"abc" * 2}}"#, "null"),
        ("{{2 + 3 * 4 - 10 / 5}}", "12"),
        ("{{-1.n + 5}}", "3"),
        ("{{1.d - 1.same}}", "0"),
    ]);
}

#[test]
fn comparisons_read_texts_and_dates() {
    check(&[
        (r#"{{"9" < 10}}"#, "true"),
        (r#"{{"9" < "10"}}"#, "false"),
        (r#"{{"a" < "b"}}"#, "true"),
        (r#"{{1.d < "2026-03-29"}}"#, "true"),
        ("{{1.d > 0}}", "true"),
        ("{{1.missing < 1}}", "false"),
        ("{{1.nil < 1}}", "true"),
        ("{{1 < 2 & 2 < 1 | 3 > 2}}", "true"),
        ("{{1 < 2 = true}}", "true"),
    ]);
}

#[test]
fn d12_rounding() {
    check(&[
        (r#"{{formatNumber(2.345; 2; "."; ",")}}"#, "\"2.35\""),
        (r#"{{formatNumber(-2.345; 2; "."; ",")}}"#, "\"-2.35\""),
        ("{{formatNumber(1234.5; 2)}}", "\"1.234,50\""),
        (r#"{{formatNumber("1234.5"; 0; "."; "")}}"#, "\"1235\""),
        ("{{formatNumber(-0.001; 2)}}", "\"0,00\""),
        ("{{formatNumber(1e3; 2)}}", "syntax: found 'e3' where ; or ) is expected"),
        ("{{round(-1.5)}}", "-1"),
        ("{{round(2.5)}}", "3"),
        ("{{ceil(1.2)}}", "2"),
        ("{{trunc(-123.456; 1)}}", "-123.4"),
        ("{{trunc(1.missing)}}", "null"),
        (r#"{{sum("1"; 2)}}"#, "3"),
        ("{{average(emptyarray)}}", "null"),
        ("{{sum(emptyarray)}}", "0"),
        ("{{max(emptyarray)}}", "null"),
    ]);
    assert!(answer(r#"{{parseNumber("12 units")}}"#, "UTC").starts_with("range: Function 'parseNumber' finished"));
    assert!(answer(r#"{{parseNumber("1"; "x")}}"#, "UTC").starts_with("range: "));
}

#[test]
fn d13_digits_are_kept_until_they_are_used() {
    check(&[("{{1.big}}", "12345678901234567890123"), ("n{{1.big}}", "\"n12345678901234567890123\"")]);
}

#[test]
fn d14_lengths_count_code_points() {
    check(&[
        (r#"{{length("a😀é")}}"#, "3"),
        (r#"{{substring("a😀é"; 1; 2)}}"#, "\"😀\""),
        (r#"{{substring("Hello"; 3; 1)}}"#, "\"el\""),
        (r#"{{substring("Hello"; 2)}}"#, "\"llo\""),
        (r#"{{indexOf("a😀é"; "é")}}"#, "2"),
        (r#"{{indexOf("a"; "a"; 5)}}"#, "-1"),
    ]);
}

#[test]
fn d15_dates_keep_their_wall_clock() {
    for (expression, expected) in [
        // Prague springs forward on 29 March 2026 at 02:00.
        ("{{addDays(1.d; 1)}}", r#"{"$date":"2026-03-29T01:30:00.000Z"}"#),
        ("{{addDays(1.d; 2)}}", r#"{"$date":"2026-03-30T00:30:00.000Z"}"#),
        ("{{addHours(1.d; 24)}}", r#"{"$date":"2026-03-29T01:30:00.000Z"}"#),
        (r#"{{addMonths("2026-01-31"; 1)}}"#, r#"{"$date":"2026-02-27T23:00:00.000Z"}"#),
        (r#"{{setMonth("2015-08-07T11:36:39.138Z"; "january")}}"#, r#"{"$date":"2015-01-07T12:36:39.138Z"}"#),
        (r#"{{setYear("2024-02-29T12:00:00Z"; 2025)}}"#, r#"{"$date":"2025-02-28T12:00:00.000Z"}"#),
        (r#"{{setHour("2026-03-29T12:00:00Z"; 2)}}"#, r#"{"$date":"2026-03-29T01:00:00.000Z"}"#),
        // The hour that autumn repeats: the second 02:30 stays the second.
        (r#"{{addDays("2019-10-27T01:30:00Z"; 0)}}"#, r#"{"$date":"2019-10-27T01:30:00.000Z"}"#),
        (r#"{{setSecond("2019-10-27T01:30:00Z"; 5)}}"#, r#"{"$date":"2019-10-27T01:30:05.000Z"}"#),
        (r#"{{setDay("2018-06-27T11:36:39.138Z"; 8)}}"#, r#"{"$date":"2018-07-01T11:36:39.138Z"}"#),
        (r#"{{setDay("2018-06-27T11:36:39.138Z"; "tue")}}"#, r#"{"$date":"2018-06-26T11:36:39.138Z"}"#),
        (
            r#"{{parseDate(parseDate(formatDate(now; "YYYYMM01"); "YYYYMMDD") - 1; "x")}}"#,
            r#"{"$date":"2026-10-31T22:59:59.999Z"}"#,
        ),
        (
            r#"{{parseDate(parseDate(formatDate(now; "YYYYMM01"); "YYYYMMDD"; "UTC") - 1; "x")}}"#,
            r#"{"$date":"2026-10-31T23:59:59.999Z"}"#,
        ),
        (r#"{{formatDate(1.d; "HH:mm z"; "Nowhere/None")}}"#, "\"02:30 CET\""),
    ] {
        assert_eq!(answer(expression, "Europe/Prague"), expected, "{expression}");
    }
}

#[test]
fn d16_d17_broken_and_unknown_are_told_apart() {
    check(&[
        ("{{upper(}}", "syntax: the expression ends where a value is expected"),
        ("{{JSON.stringify(1.o)}}", "syntax: found '(' where the end of the expression is expected"),
        ("{{nope(1)}}", "function: Function 'nope' not found!"),
        ("{{if(nope(1); 1; 2)}}", "function: Function 'if' finished with error! Function 'nope' not found!"),
        ("{{if(true; 1; nope(1))}}", "1"),
        ("{{ifempty(1; nope(1))}}", "1"),
        ("{{switch(1; 1; 2; 3; nope(1))}}", "2"),
        ("{{true | nope(1)}}", "true"),
        ("{{add(6; 18)}}", "type: Function 'add' finished with error! '6' is not a valid array"),
    ]);
}

#[test]
fn d18_d19_names_and_braces() {
    check(&[
        ("{{YOUR_TOKEN}}", "null"),
        ("a {{YOUR.TOKEN[1]}}b", "\"a b\""),
        (r#"{{"{{"}}"#, "\"{{\""),
        ("a {{ b", "\"a {{ b\""),
        ("a }} b", "\"a }} b\""),
        (r#"{"x":{"y":{{1.n}}}}"#, r#""{\"x\":{\"y\":2}}""#),
        ("{{}}", "null"),
        ("x{{}}", "\"x\""),
        (r#"{{""}}"#, "null"),
        ("{{emptystring}}", "\"\""),
        ("{{1}}", "1"),
        ("{{1.5}}", "1.5"),
        ("{{`1`.n}}", "2"),
        ("{{1.and}}", "\"keyword field\""),
        ("{{var.scenario.name}}", "\"Orders\""),
        ("{{var.input.page.n}}", "3"),
        ("{{var.input.none}}", "null"),
        ("{{'single'}}", "\"single\""),
        (r#"{{"a""b"}}"#, r#""a\"b""#),
        (r#"{{"\n"}}"#, r#""\\n""#),
        ("{{ 1.n \n + \t 1 }}", "3"),
    ]);
}

#[test]
fn texts_are_replaced_by_text_and_by_pattern() {
    check(&[
        (r#"{{replace("a.b.c"; "."; "-")}}"#, "\"a-b-c\""),
        (
            r#"{{replace("Phone +420777111222"; "/(\+\d{3})(\d+)/"; "$2 $1 $$ $3 $&")}}"#,
            "\"Phone 777111222 +420 $ $3 +420777111222\"",
        ),
        (r#"{{replace("aaa"; "/a/"; "b")}}"#, "\"baa\""),
        (r#"{{replace("aXa"; "/x/i"; emptystring)}}"#, "\"aa\""),
        (r#"{{replace("a"; "/a"; "b")}}"#, "\"a\""),
        (r#"{{replace(1.missing; "a"; "b")}}"#, "\"\""),
        (r#"{{replace("a" + newline + "b"; newline; "\n")}}"#, r#""a\\nb""#),
        (r#"{{replace("ab"; "/(?=b)/g"; "-")}}"#, "\"a-b\""),
        (r#"{{contains("Hello"; "H")}}"#, "true"),
        (r#"{{escapeHTML("a & ""b""")}}"#, r#""a &amp; \"b\"""#),
    ]);
    assert!(answer(r#"{{replace("a"; "/(/"; "b")}}"#, "UTC").starts_with("range: "));
}

#[test]
fn bytes_are_encoded_and_decoded() {
    check(&[
        (r#"{{toBinary("4d616b65"; "hex")}}"#, r#"{"$buffer":"4d616b65"}"#),
        (r#"{{toString(toBinary("Make"); "hex")}}"#, "\"4d616b65\""),
        ("{{toString(1.raw; \"base64\")}}", "\"/wA=\""),
        ("{{base64(1.raw)}}", "\"/wA=\""),
        (
            r#"{{sha256("Make"; "hex"; "736563726574"; "hex")}}"#,
            "\"2fc654fb70e16fdf4a626e2d27d224a6d90fe88cdf1331591537b1f8f718de69\"",
        ),
        (
            r#"{{sha256("Make"; "hex"; toBinary("secret"); "binary")}}"#,
            "\"2fc654fb70e16fdf4a626e2d27d224a6d90fe88cdf1331591537b1f8f718de69\"",
        ),
    ]);
    assert!(answer(r#"{{sha256("Make"; "hex"; "secret"; "binary")}}"#, "UTC").starts_with("type: "));
    assert!(answer(r#"{{toBinary("zz"; "hex")}}"#, "UTC").starts_with("range: "));
}

#[test]
fn arrays_and_collections() {
    check(&[
        (r#"{{join(1.a; ", ")}}"#, "\"x, , y,z\""),
        ("{{join(1.a)}}", "\"x,,y,z\""),
        ("{{length(1.a)}}", "3"),
        ("{{flatten(1.a; 9)}}", r#"["x",null,"y","z"]"#),
        ("{{first(emptyarray)}}", "null"),
        ("{{slice(1.l; -1)}}", r#"[{"q":3}]"#),
        (r#"{{sort(1.l; "desc"; "k")}}"#, r#"[{"q":3},{"k":2},{"k":1}]"#),
        (r#"{{distinct(merge(1.l; 1.l); "k")}}"#, r#"[{"k":1},{"k":2},{"q":3}]"#),
        ("{{deduplicate(merge(1.l; 1.l))}}", r#"[{"k":1},{"k":2},{"q":3}]"#),
        ("{{merge(1.l; 5; null)}}", r#"[{"k":1},{"k":2},{"q":3}]"#),
        ("{{length(shuffle(1.l))}}", "3"),
        ("{{keys(1.o)}}", r#"["a","b"]"#),
        (r#"{{set(1.o; "b.c"; 9)}}"#, r#"{"a":1,"b":{"c":9}}"#),
        (r#"{{set(1.l; "1.k"; 9)}}"#, r#"[{"k":9},{"k":2},{"q":3}]"#),
        (r#"{{omit(1.o; "b"; "nope")}}"#, r#"{"a":1}"#),
        (r#"{{switch(1.n; 2; "two"; "other")}}"#, "\"two\""),
        (r#"{{switch("X"; "A"; 1; 4)}}"#, "4"),
        (r#"{{equal(1.n; "2")}}"#, "true"),
        (r#"{{contains(add(emptyarray; "A"); "a"; true)}}"#, "true"),
    ]);
}

#[test]
fn moment_tokens_in_english() {
    for (format, expected) in [
        ("YY YYYY YYYYY YYYYYY Y", "16 2016 02016 +002016 2016"),
        ("Q Qo M Mo MM MMM MMMM", "1 1st 2 2nd 02 Feb February"),
        ("D Do DD DDD DDDo DDDD", "3 3rd 03 34 34th 034"),
        ("d do dd ddd dddd e E", "3 3rd We Wed Wednesday 3 3"),
        ("w wo ww W Wo WW gg gggg ggggg GG GGGG", "6 6th 06 5 5th 05 16 2016 02016 16 2016"),
        ("H HH h hh k kk a A m mm s ss", "9 09 9 09 9 09 am AM 5 05 7 07"),
        ("S SS SSS SSSS SSSSSSSSS", "0 04 042 0420 042000000"),
        ("Z ZZ z X x", "+00:00 +0000 UTC 1454490307 1454490307042"),
        ("hmm Hmmss N yyyy", "905 90507 AD 2016"),
        ("LT LL [LT] \\YYYY T", "9:05 AM February 3, 2016 LT YYYY T"),
    ] {
        let expression = format!("{{{{formatDate(\"2016-02-03T09:05:07.042Z\"; \"{format}\")}}}}");
        assert_eq!(answer(&expression, "UTC"), format!("{:?}", expected), "{format}");
    }
}
