//! Expressions made by the grammar, so that evaluation and not only the parser
//! is exercised.

#![no_main]

use arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use rouage_expr::functions;

const OPERANDS: &[&str] = &[
    "1.t",
    "1.n",
    "1.i",
    "1.big",
    "1.z",
    "1.b",
    "1.nil",
    "1.e",
    "1.d",
    "1.x",
    "1.a",
    "1.o",
    "1.f",
    "1.re",
    "1.a[]",
    "1.a[-1].k",
    "1.none",
    "now",
    "true",
    "null",
    "emptyarray",
    "emptystring",
    "ignore",
    "erase",
    "pi",
    "random",
    "\"\"",
    "\"a\"\"b\"",
    "\"/(a|b)+?/gi\"",
    "\"YYYY-MM-DDTHH:mm:ss.SSSZ\"",
    "\"2026-02-30\"",
    "\",\"",
    "'x'",
    "\"desc ci\"",
];
const OPERATORS: &[&str] = &["+", "-", "*", "/", "%", "=", "!=", "<", ">=", "&", "|", "++"];

fn expression(data: &mut Unstructured<'_>, depth: usize) -> Result<String> {
    if depth == 0 || data.is_empty() {
        return operand(data);
    }
    Ok(match data.int_in_range(0..=7)? {
        0 => operand(data)?,
        1 => format!("!{}", expression(data, depth - 1)?),
        2 => format!("1.a[{}]", expression(data, depth - 1)?),
        3 => {
            let operator = data.choose(OPERATORS)?;
            format!("({} {operator} {})", expression(data, depth - 1)?, expression(data, depth - 1)?)
        }
        _ => {
            let name = data.choose(functions())?.name;
            let count = data.int_in_range(0..=4)?;
            let arguments = (0..count).map(|_| expression(data, depth - 1)).collect::<Result<Vec<_>>>()?;
            format!("{name}({})", arguments.join("; "))
        }
    })
}

fn operand(data: &mut Unstructured<'_>) -> Result<String> {
    Ok(match data.int_in_range(0..=3)? {
        0 => data.arbitrary::<i64>()?.to_string(),
        1 => data.int_in_range(-40..=40)?.to_string(),
        _ => (*data.choose(OPERANDS)?).to_owned(),
    })
}

fuzz_target!(|data: &[u8]| {
    let mut data = Unstructured::new(data);
    let steps = data.int_in_range(0..=20_000).unwrap_or(20_000);
    let bytes = data.int_in_range(0..=1 << 20).unwrap_or(1 << 20);
    if let Ok(expression) = expression(&mut data, 5) {
        rouage_expr_fuzz::run(&format!("{{{{{expression}}}}}"), steps, bytes);
        rouage_expr_fuzz::run(&format!("a{{{{{expression}}}}}b"), steps, bytes);
    }
});
