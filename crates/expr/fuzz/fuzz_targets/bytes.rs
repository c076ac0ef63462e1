//! Any bytes, as a mapped text and as the inside of an expression.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    rouage_expr_fuzz::run(&text, 100_000, 1 << 20);
    rouage_expr_fuzz::run(&format!("{{{{{text}}}}}"), 100_000, 1 << 20);
});
