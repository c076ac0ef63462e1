//! The arguments of a function, read from its signature.

/// An argument of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// Its name.
    pub name: &'static str,
    /// Whether it may be left out.
    pub optional: bool,
    /// Whether it, with those since the last bracket, may be given again.
    pub repeats: bool,
}

/// The arguments between the parentheses: `[x]` may be left out, `...` repeats
/// what its bracket holds.
pub(super) fn arguments(signature: &'static str) -> Vec<Argument> {
    let inner = signature.split_once('(').map_or("", |(_, rest)| rest.trim_end_matches(')'));
    let mut found: Vec<Argument> = Vec::new();
    let mut open_from = None;
    for part in inner.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        if part.starts_with('[') {
            open_from = Some(found.len());
        }
        let name = part.trim_matches(['[', ']']);
        match (name, open_from) {
            ("...", Some(from)) => found[from..].iter_mut().for_each(|argument| argument.repeats = true),
            _ => found.push(Argument { name, optional: open_from.is_some(), repeats: false }),
        }
        if part.ends_with(']') {
            open_from = None;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions;

    #[test]
    fn signatures_are_read() {
        let read = |signature| {
            let shown = |argument: &Argument| {
                let mark = if argument.repeats { "*" } else { "" };
                format!("{}{mark}{}", argument.name, if argument.optional { "?" } else { "" })
            };
            arguments(signature).iter().map(shown).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(read("switch(e; v1; r1; [v2; r2; ...]; [else])"), "e v1 r1 v2*? r2*? else?");
        assert_eq!(read("average(array or value1; [value2; ...])"), "array or value1 value2*?");
        assert_eq!(read("f()"), "");
    }

    #[test]
    fn every_function_names_its_arguments() {
        for function in functions() {
            let arguments = function.arguments();
            assert!(arguments.iter().all(|argument| !argument.name.is_empty()), "{}", function.signature);
            assert!(!function.signature.contains("...") || arguments.iter().any(|found| found.repeats));
        }
    }
}
