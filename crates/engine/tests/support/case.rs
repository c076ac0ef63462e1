//! The text form of a case.

use rouage_model::{ErrorKind, ModuleError, ModuleId, Value, json};

/// A case file, section by section in the order of the file.
pub struct Case {
    sections: Vec<(String, String)>,
}

/// A scripted answer to a call.
#[derive(Clone)]
pub enum Answer {
    Bundles(Vec<Value>),
    Fail(ModuleError),
    Retry(ModuleError),
    Doubt,
    /// The time is over when the call is due.
    Interrupt,
}

impl Case {
    pub fn read(text: &str) -> Self {
        let mut sections: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("== ") {
                sections.push((name.trim().to_owned(), String::new()));
            } else if let Some((_, body)) = sections.last_mut() {
                body.push_str(line);
                body.push('\n');
            }
        }
        Self { sections }
    }

    pub fn section(&self, name: &str) -> &str {
        self.sections.iter().find(|(found, _)| found == name).map_or("", |(_, body)| body)
    }

    pub fn with_expectation(&self, expectation: &str) -> String {
        let kept = self.sections.iter().filter(|(name, _)| name != "expect");
        let mut text: String = kept.map(|(name, body)| format!("== {name}\n{body}")).collect();
        text.push_str(&format!("== expect\n{expectation}"));
        text
    }

    pub fn started(&self) -> Option<Vec<Value>> {
        let text = self.section("started").trim();
        (!text.is_empty()).then(|| json::parse(text.as_bytes()).unwrap().as_array().unwrap().to_vec())
    }

    /// The inputs of the run; nothing leaves those of the context.
    pub fn inputs(&self) -> Value {
        match self.section("inputs").trim() {
            "" => Value::Undefined,
            text => json::parse(text.as_bytes()).unwrap(),
        }
    }

    pub fn option(&self, name: &str) -> Option<&str> {
        let options = self.section("options").split_whitespace();
        options.filter_map(|option| option.split_once('=')).find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    pub fn answers(&self, section: &str) -> Vec<(ModuleId, Answer)> {
        let lines = self.section(section).lines().filter(|line| line.contains(": "));
        lines.map(|line| answer(line.split_once(": ").unwrap())).collect()
    }
}

fn answer((module, text): (&str, &str)) -> (ModuleId, Answer) {
    let error = |rest: &str| {
        let (kind, message) = rest.split_once(' ').unwrap();
        let kind: ErrorKind = kind.parse().unwrap();
        ModuleError::new(kind, message)
    };
    let answer = match text.split_once(' ').unwrap_or((text, "")) {
        ("fail", rest) => Answer::Fail(error(rest)),
        ("retry", rest) => Answer::Retry(error(rest)),
        ("doubt", _) => Answer::Doubt,
        ("interrupt", _) => Answer::Interrupt,
        _ => Answer::Bundles(json::parse(text.as_bytes()).unwrap().as_array().unwrap().to_vec()),
    };
    (module.trim().parse().unwrap(), answer)
}
