//! Filters: conditions in groups. A filter passes when every condition of one
//! group holds; one without conditions always passes (`iml.md` §4).

use rouage_model::{Text, Value};

use crate::compare::{compare, is_operator, note};
use crate::context::Context;
use crate::error::{EvalError, EvalErrorKind, SyntaxError};
use crate::files;
use crate::template::{Reference, Template};

/// A filter, compiled.
#[derive(Debug, Clone)]
pub struct Filter {
    groups: Vec<Vec<Condition>>,
}

#[derive(Debug, Clone)]
struct Condition {
    left: Operand,
    operator: Text,
    right: Option<Operand>,
}

#[derive(Debug, Clone)]
enum Operand {
    Constant(Value),
    Template(Template),
    Broken(SyntaxError),
}

/// Something wrong with one condition, for the import report and the editor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterProblem {
    /// Which group; counts from 0.
    pub group: usize,
    /// Which condition of the group; counts from 0.
    pub condition: usize,
    /// What is wrong, in words.
    pub message: String,
}

/// What a filter decided, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The verdict.
    pub passed: bool,
    /// Every condition of every group, also those the verdict did not need.
    pub groups: Vec<Vec<ConditionResult>>,
}

/// One condition with the values it saw.
#[derive(Debug, Clone, PartialEq)]
pub struct ConditionResult {
    /// The value of `a`.
    pub left: Value,
    /// The operator as written.
    pub operator: Text,
    /// The value of `b`, unless it is absent.
    pub right: Option<Value>,
    /// Whether the condition holds.
    pub passed: bool,
    /// Why the outcome may surprise.
    pub note: Option<String>,
}

impl Filter {
    /// Compiles `[[{a, o, b}]]`. Nothing at all has no conditions and passes;
    /// what cannot be read as conditions never does.
    pub fn compile(conditions: &Value) -> (Filter, Vec<FilterProblem>) {
        let mut problems = Vec::new();
        if is_unreadable(conditions) {
            let groups = vec![vec![unreadable(conditions, (0, 0), &mut problems)]];
            return (Filter { groups }, problems);
        }
        let rows = conditions.as_array().unwrap_or_default();
        // Hand-written files sometimes leave the inner array out.
        let flat = rows.iter().all(|row| row.as_collection().is_some());
        let group_of = |(group, row): (usize, &Value), problems: &mut Vec<FilterProblem>| {
            if is_unreadable(row) {
                return vec![unreadable(row, (group, 0), problems)];
            }
            let items = row.as_array().unwrap_or_default();
            let conditions = items.iter().enumerate();
            conditions.map(|(at, item)| condition(item, (group, at), problems)).collect::<Vec<_>>()
        };
        let mut groups: Vec<_> = if flat && !rows.is_empty() {
            vec![group_of((0, conditions), &mut problems)]
        } else {
            rows.iter().enumerate().map(|row| group_of(row, &mut problems)).collect()
        };
        groups.retain(|group| !group.is_empty());
        (Filter { groups }, problems)
    }

    /// Whether a bundle passes.
    pub fn passes(&self, context: &Context<'_>) -> Result<bool, EvalError> {
        for group in &self.groups {
            let mut all = true;
            for condition in group {
                if !condition.holds(context)? {
                    all = false;
                    break;
                }
            }
            if all {
                return Ok(true);
            }
        }
        Ok(self.groups.is_empty())
    }

    /// The verdict with every value that led to it.
    pub fn explain(&self, context: &Context<'_>) -> Result<Explanation, EvalError> {
        let mut groups = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            let results = group.iter().map(|condition| condition.explain(context)).collect::<Result<Vec<_>, _>>()?;
            groups.push(results);
        }
        let passed = groups.is_empty() || groups.iter().any(|group| group.iter().all(|result| result.passed));
        Ok(Explanation { passed, groups })
    }

    /// The modules whose bundles it reads.
    pub fn references(&self) -> Vec<Reference> {
        let mut references = Vec::new();
        self.templates(&mut |template| references.extend(template.references()));
        references
    }

    /// Calls `visit` for every text that has expressions.
    pub fn templates(&self, visit: &mut dyn FnMut(&Template)) {
        for condition in self.groups.iter().flatten() {
            for operand in [Some(&condition.left), condition.right.as_ref()].into_iter().flatten() {
                if let Operand::Template(template) = operand {
                    visit(template);
                }
            }
        }
    }

    /// Whether it has no conditions and lets everything pass.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }
}

/// What stands where a list belongs and says something, as a text in a file
/// that was broken on its way.
fn is_unreadable(value: &Value) -> bool {
    match value {
        Value::Array(_) | Value::Boolean(false) => false,
        Value::Text(text) => !text.trim().is_empty(),
        Value::Collection(fields) => !fields.is_empty(),
        other => !other.is_nothing(),
    }
}

/// A condition that never holds, in place of what cannot be read: somebody
/// meant to hold something back, and nobody knows what.
fn unreadable(value: &Value, (group, condition): (usize, usize), problems: &mut Vec<FilterProblem>) -> Condition {
    let message = "this is not a list of conditions; it never matches".to_owned();
    problems.push(FilterProblem { group, condition, message });
    Condition { left: Operand::Constant(value.clone()), operator: "".into(), right: None }
}

fn condition(item: &Value, (group, condition): (usize, usize), problems: &mut Vec<FilterProblem>) -> Condition {
    let mut report = |message| problems.push(FilterProblem { group, condition, message });
    let operator: Text = item.field("o").as_text().unwrap_or_default().into();
    if !is_operator(&operator) {
        report(format!("'{operator}' is not an operator; the condition never matches"));
    }
    let left = operand(item.field("a"), &mut report);
    let right = item.get("b").map(|right| operand(right, &mut report));
    Condition { left, operator, right }
}

fn operand(value: &Value, report: &mut impl FnMut(String)) -> Operand {
    match value {
        Value::Text(text) if text.contains("{{") => match Template::parse(text) {
            Ok(template) => Operand::Template(template),
            Err(error) => {
                report(error.to_string());
                Operand::Broken(error)
            }
        },
        other => Operand::Constant(other.clone()),
    }
}

impl Operand {
    fn evaluate(&self, context: &Context<'_>) -> Result<Value, EvalError> {
        match self {
            Operand::Constant(value) => Ok(value.clone()),
            Operand::Template(template) => files::operand(template.evaluate(context)?, context),
            Operand::Broken(error) => Err(EvalError { kind: EvalErrorKind::Syntax, message: error.to_string() }),
        }
    }
}

impl Condition {
    fn values(&self, context: &Context<'_>) -> Result<(Value, Option<Value>), EvalError> {
        let left = self.left.evaluate(context)?;
        let right = self.right.as_ref().map(|right| right.evaluate(context)).transpose()?;
        Ok((left, right))
    }

    fn holds(&self, context: &Context<'_>) -> Result<bool, EvalError> {
        let (left, right) = self.values(context)?;
        Ok(compare(&self.operator, &left, right.as_ref(), context.timezone))
    }

    fn explain(&self, context: &Context<'_>) -> Result<ConditionResult, EvalError> {
        let (left, right) = self.values(context)?;
        let passed = compare(&self.operator, &left, right.as_ref(), context.timezone);
        let note = note(&self.operator, &left, right.as_ref(), context.timezone);
        Ok(ConditionResult { left, operator: self.operator.clone(), right, passed, note })
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::json;

    use super::*;
    use crate::testing;

    #[test]
    fn d32_unknown_operators_are_reported() {
        let conditions = json::parse(br#"[[{"a":"1","o":"text:equals","b":"1"}]]"#).unwrap();
        assert!(Filter::compile(&conditions).1[0].message.contains("text:equals"));
    }

    #[test]
    fn no_conditions_pass() {
        for text in ["null", "[]", "[[]]", "{}", r#"" ""#, "false", "[null]"] {
            let (filter, problems) = Filter::compile(&json::parse(text.as_bytes()).unwrap());
            assert!(problems.is_empty());
            assert!(testing::with_bundles("{}", |context| filter.passes(context)).unwrap(), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_never_passes() {
        for text in [r#""x""#, r#"{"a":1}"#, "7", "true", r#"["x"]"#, r#"[["x"]]"#, r#"["x",[]]"#, r#"["x",{"a":1}]"#] {
            let (filter, problems) = Filter::compile(&json::parse(text.as_bytes()).unwrap());
            assert!(!problems.is_empty(), "{text}");
            assert!(!testing::with_bundles("{}", |context| filter.passes(context)).unwrap(), "{text}");
            let explained = testing::with_bundles("{}", |context| filter.explain(context)).unwrap();
            assert!(!explained.passed && !explained.groups.is_empty(), "{text}");
        }
    }

    #[test]
    fn explanations_show_every_condition() {
        let conditions = br#"[[{"a":"{{1.n}}","o":"number:greater","b":"3"},{"a":"x","o":"number:less","b":"1"}]]"#;
        let (filter, _) = Filter::compile(&json::parse(conditions).unwrap());
        let explanation = testing::with_bundles(r#"{"1":{"n":5}}"#, |context| filter.explain(context)).unwrap();
        assert!(!explanation.passed);
        assert!(explanation.groups[0][0].passed && explanation.groups[0][0].left == Value::from(5));
        assert!(explanation.groups[0][1].note.as_ref().unwrap().contains("left value is not a number"));
    }
}
