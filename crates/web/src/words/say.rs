//! Words in Rust: `t!("Save")`, `t!("Module {number}", number = id)`, and
//! `plural!(count, "1 run", "{count} runs")`.
//!
//! The English text is a format string too, so the compiler checks that each
//! placeholder has its value. Placeholders are bare lower-case names; what
//! needs a format is formatted before.

/// A text in the language of the request; with values, a `String`.
macro_rules! t {
    ($key:literal) => {
        $crate::words::t($key)
    };
    ($key:literal, $($name:ident = $value:expr),+ $(,)?) => {
        match $crate::words::translated($key) {
            None => format!($key, $($name = $value),+),
            Some(text) => $crate::words::fill(text, &[$((stringify!($name), &$value as &dyn std::fmt::Display)),+]),
        }
    };
}

/// A text for one or for many as a `String`; `{count}` is filled in, and may
/// be left out.
macro_rules! plural {
    ($count:expr, $one:literal, $many:literal $(, $name:ident = $value:expr)* $(,)?) => {{
        let count: u64 = $crate::words::as_count($count);
        let text = $crate::words::plural_text(count, $one, $many);
        $crate::words::fill(text, &[("count", &count as &dyn std::fmt::Display) $(, (stringify!($name), &$value as &dyn std::fmt::Display))*])
    }};
}

/// A text of a constant, for the catalogue; whoever shows it calls
/// [`t`](super::t()).
macro_rules! noted {
    ($key:literal) => {
        $key
    };
}

pub(crate) use {noted, plural, t};
